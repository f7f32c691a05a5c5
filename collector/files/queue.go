package files

import (
	"slices"
	"sync"

	"go.etcd.io/bbolt"
)

// A queueKey says which uploads a queue has; "" is all services.
type queueKey struct {
	service string
	class   class
}

// A queue is uploads of one kind in the order of their arrival. It is used while
// sweeping is held.
type queue struct {
	dir   uint64 // the next one to be read
	ahead []upload
}

// A scrubber goes through the uploads, from the oldest to the newest and again.
type scrubber struct {
	sync.Mutex
	queue queue
}

// oldest returns the oldest upload of a class that is not kept, or nil. It stays that
// until it is removed. The caller holds sweeping.
func (s *Store) oldest(service string, c class) (*upload, error) {
	if s.removable(service, c) <= 0 {
		return nil, nil
	}
	key := queueKey{service, c}
	q := s.queues[key]
	if q == nil {
		q = new(queue)
		s.queues[key] = q
	}
	belongs := func(u *upload) bool { return u.class == c && (service == "" || u.service == service) }
	for wrapped := false; ; {
		for ; len(q.ahead) > 0; q.ahead = q.ahead[1:] {
			u := &q.ahead[0]
			if _, kept := s.kept[u.id]; !kept && s.there(u.id) {
				return u, nil
			}
		}
		more, err := q.load(s, belongs)
		switch {
		case err != nil:
			return nil, err
		case more:
		case wrapped:
			return nil, nil
		default: // a commit may have ended behind later ones, and one may be kept no more
			wrapped, q.dir = true, 0
		}
	}
}

// removable is the number of uploads of a class that are not kept.
func (s *Store) removable(service string, c class) (n int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if service == "" {
		n = s.ofClass[c].uploads
	} else if of := s.usage[service]; of != nil {
		n = of[c].uploads
	}
	for _, k := range s.kept {
		if k.class == c && (service == "" || k.service == service) {
			n--
		}
	}
	return n
}

// load reads the next directory that has uploads, and reports whether there is one.
func (q *queue) load(s *Store, belongs func(*upload) bool) (bool, error) {
	for dir, ok := s.nextDir(q.dir); ok; dir, ok = s.nextDir(dir + 1) {
		err := s.inDir(dir, func(src *source) error {
			return src.eachUpload(func(u *upload) bool {
				if belongs(u) {
					q.ahead = append(q.ahead, *u)
				}
				return true
			})
		})
		q.dir = dir + 1
		if err != nil || len(q.ahead) > 0 {
			return true, err
		}
	}
	return false, nil
}

// nextDir returns the first directory from this one on.
func (s *Store) nextDir(from uint64) (dir uint64, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, _ := slices.BinarySearchFunc(s.sealed, from, byDir)
	if at < len(s.sealed) {
		dir, ok = s.sealed[at].dir, true
	}
	for d := range s.filling {
		if d >= from && (!ok || d < dir) {
			dir, ok = d, true
		}
	}
	return dir, ok
}

// inDir calls do with the rows of one directory, if it is there.
func (s *Store) inDir(dir uint64, do func(*source) error) error {
	s.mu.RLock()
	var src *source
	var gone *removals
	if open := s.filling[dir]; open != nil {
		src = &source{dir: dir, rows: open.rows, gone: open.gone}
	} else if sl := s.sealedDir(dir); sl != nil {
		gone = sl.gone
	}
	s.mu.RUnlock()
	switch {
	case src != nil:
		return do(src)
	case gone == nil:
		return nil
	}
	return s.read(func(tx *bbolt.Tx) error {
		src, err := openSource(tx.Bucket([]byte(segmentsBucket)), dir, gone)
		if err != nil || src == nil {
			return err
		}
		return do(src)
	})
}
