package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// reserve counts n bytes of a draft, and makes room for them.
func (s *Store) reserve(n int64) error {
	for s.pressure(n) != "" {
		s.sweeping.Lock()
		removed, err := s.relieve(n)
		s.sweeping.Unlock()
		if err != nil {
			return err
		}
		if removed {
			continue
		}
		if s.pressure(n) == byBytes {
			return &collector.Error{
				Code: collector.Full, RetryAfter: fullRetry,
				Message: fmt.Sprintf("no room within %d bytes", s.opts.MaxBytes),
			}
		}
		break
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged += n
	return nil
}

func (s *Store) unreserve(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged -= n
}

// pressure returns which bound n more bytes would exceed, or "".
func (s *Store) pressure(n int64) (cause string) {
	s.mu.RLock()
	over := s.opts.MaxBytes > 0 && s.total.bytes+s.staged+n > s.opts.MaxBytes
	s.mu.RUnlock()
	if over {
		return byBytes
	}
	if s.opts.KeepFree > 0 {
		if free, size, err := s.opts.disk(s.dir); err == nil && free-n < min(s.opts.KeepFree, size/20) {
			return byDisk
		}
	}
	return ""
}

// relieve removes one upload if n more bytes would exceed a bound, and reports whether
// it did. The caller holds sweeping.
func (s *Store) relieve(n int64) (bool, error) {
	cause := s.pressure(n)
	switch cause {
	case byBytes:
		return s.evict("", s.cheapest(), cause)
	case byDisk: // another program may have filled it: that costs no events
		return s.evictOf("", single, cause)
	}
	return false, nil
}

// cheapest is the class to remove from first: single profiles, unless events have more
// than their half.
func (s *Store) cheapest() class {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ofClass[event].bytes > s.opts.MaxBytes/2 {
		return event
	}
	return single
}

// evict removes the oldest upload of a class, or of the other one, or else the one that
// was opened the longest ago. service is "" for all services.
func (s *Store) evict(service string, first class, cause string) (bool, error) {
	for _, c := range [...]class{first, classes - 1 - first} {
		if removed, err := s.evictOf(service, c, cause); removed || err != nil {
			return removed, err
		}
	}
	if u := s.leastKept(service); u != nil {
		return true, s.remove(u, cause)
	}
	return false, nil
}

// evictOf removes the oldest upload of a class that is not kept.
func (s *Store) evictOf(service string, c class, cause string) (bool, error) {
	u, err := s.oldest(service, c)
	if u == nil || err != nil {
		return false, err
	}
	return true, s.remove(u, cause)
}

// makeRoom removes uploads until n bytes were freed, after the disk was full. It
// reports whether there was something to remove.
func (s *Store) makeRoom(n int64) bool {
	if s.opts.KeepFree <= 0 {
		return false
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	before := s.bytes()
	for s.bytes() > before-n {
		if removed, err := s.evict("", single, byDisk); !removed || err != nil {
			break
		}
	}
	return s.bytes() < before
}

func (s *Store) bytes() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.total.bytes
}

// withRoom does something on the disk, and tries again after making room when the disk
// is full. What failed must have left nothing.
func (s *Store) withRoom(n int64, do func() error) error {
	for {
		err := do()
		if full := errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT); !full || !s.makeRoom(n) {
			return err
		}
	}
}

// keepQuota removes the oldest uploads of a service above its quota.
func (s *Store) keepQuota(service string) error {
	quota := s.quota(service)
	if quota <= 0 {
		return nil
	}
	over := func() bool {
		s.mu.RLock()
		defer s.mu.RUnlock()
		of := s.usage[service]
		return of != nil && of[single].bytes+of[event].bytes > quota
	}
	if !over() {
		return nil
	}
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	for over() {
		if removed, err := s.evict(service, single, byQuota); !removed || err != nil {
			return err
		}
	}
	return nil
}

// remove removes an upload from the disk and from searches. The caller holds sweeping.
func (s *Store) remove(u *upload, cause string) error {
	if err := os.Remove(s.blobPath(u.id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("holmes: remove an upload: %w", err)
	}
	s.release(u.id)
	if !s.uncount(u) {
		return nil
	}
	if u.class == event {
		s.opts.Log.Sugar().Infow("removed an event", "cause", cause, "event", u.event, "service", u.service,
			"received", time.Unix(0, u.received).UTC(), "bytes", u.bytes)
	}
	s.removed.add(removal{cause, u.class, u.service}, amount{1, u.bytes})
	return nil
}

// logRemoved logs what was removed since the last call, a line for each cause and
// service. The caller holds sweeping.
func (s *Store) logRemoved() {
	for r, sum := range s.removed.unlogged {
		s.opts.Log.Sugar().Infow("removed uploads", "cause", r.cause, "class", r.class.String(), "service", r.service,
			"uploads", sum.uploads, "bytes", sum.bytes)
	}
	clear(s.removed.unlogged)
}

// A Removal is what was removed for one cause since the store was opened.
type Removal struct {
	Cause   string // age, bytes, quota, disk or request
	Class   string // profile or event
	Uploads int
	Bytes   int64
}

// Removals returns what was removed, by cause and class. All of them are there, also
// those of which nothing was removed.
func (s *Store) Removals() []Removal {
	s.sweeping.Lock()
	defer s.sweeping.Unlock()
	var all []Removal
	for _, cause := range [...]string{byAge, byBytes, byQuota, byDisk, byRequest} {
		for c := range classes {
			sum := s.removed.sinceStart[removal{cause: cause, class: c}]
			all = append(all, Removal{cause, c.String(), sum.uploads, sum.bytes})
		}
	}
	return all
}

// quota is the bound of a service, or 0.
func (s *Store) quota(service string) int64 {
	if quota, ok := s.opts.Quotas[service]; ok {
		return quota
	}
	return s.opts.Quota
}
