package measure

import (
	"math"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
)

// A memoryState is what is known of memory at one moment, by the process's own
// figures or by those of its control groups.
type memoryState struct {
	at      time.Duration
	usage   cgroup.Usage
	grouped bool // usage is valid
	rss     uint64
	rssErr  error

	host        uint64 // bytes of the machine
	available   uint64 // of them what can still be taken, 0 if not known
	availableAt time.Duration
}

// availableEvery bounds how often the memory of the machine is looked at,
// which takes longer than all the rest.
const availableEvery = time.Second

// refresh reads what the groups say; rss is left to the caller.
func (s *memoryState) refresh(m *Meter, now time.Duration, c *Config) {
	s.at, s.host = now, m.hostMemory
	s.grouped = m.group != nil && c.CGroup && m.group.Usage(&s.usage) == nil
}

// ownMemory reports whether memory is the process's own, not the group's:
// because the user set the limit, or because no group has one.
func (s *memoryState) ownMemory(c *Config) bool {
	return c.MemoryLimit > 0 || !s.grouped || s.usage.MemoryLimit == 0
}

// memory is the pair that memory percent compares, in bytes.
func (s *memoryState) memory(c *Config) (used, limit uint64, err error) {
	switch {
	case c.MemoryLimit > 0:
		return s.rss, c.MemoryLimit, s.rssErr
	case s.ownMemory(c):
		return s.rss, s.host, s.rssErr
	default:
		return s.usage.MemoryUsed, s.usage.MemoryLimit, nil
	}
}

// room is how much more memory can be used before the kernel kills. The
// user's own limit kills nobody and does not count.
func (s *memoryState) room() uint64 {
	room := uint64(math.MaxUint64) // not known, so nothing is refused for it
	switch {
	case s.available > 0:
		room = s.available
	case s.host > 0:
		room = s.host - min(s.host, s.rss)
	}
	if limit := s.usage.MemoryLimit; s.grouped && limit > 0 {
		room = min(room, limit-min(limit, s.usage.MemoryUsed))
	}
	return room
}

// MemoryNow reads the memory between two ticks, for the memory watcher. It
// allocates nothing.
func (m *Meter) MemoryNow(c *Config, now time.Duration) (r detect.MemoryReading, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := &m.between
	s.refresh(m, now, c)
	if s.ownMemory(c) {
		s.rss, s.rssErr = m.proc.RSS()
	}
	if s.availableAt == 0 || now-s.availableAt >= availableEvery {
		s.availableAt = now
		s.available, _ = m.proc.HostAvailable() // 0 stands for not known
	}
	r.At, r.Room = now, s.room()
	if r.Used, r.Limit, err = s.memory(c); err == nil {
		m.watched.read(&r, m.cores(c))
	}
	return r, err
}
