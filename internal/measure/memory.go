package measure

import (
	"math"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
)

// A memoryState is the memory at one moment: of the process and of its control
// groups.
type memoryState struct {
	at      time.Duration
	usage   cgroup.Usage
	grouped bool // usage is valid
	rss     uint64
	rssErr  error

	host        uint64 // memory of the machine in bytes
	available   uint64 // what can still be allocated of it, 0 if not known
	availableAt time.Duration
}

// availableEvery is the least time between two readings of the machine's memory,
// which take longer than all others.
const availableEvery = time.Second

// refresh reads the control groups. The caller reads rss.
func (s *memoryState) refresh(m *Meter, now time.Duration, c *Config) {
	s.at, s.host = now, m.hostMemory
	s.grouped = m.group != nil && c.CGroup && m.group.Usage(&s.usage) == nil
}

// ownMemory reports whether the mem signal is about the process instead of its group:
// if the user set the limit, or no group has one.
func (s *memoryState) ownMemory(c *Config) bool {
	return c.MemoryLimit > 0 || !s.grouped || s.usage.MemoryLimit == 0
}

// memory returns the pair that the mem signal compares, in bytes.
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

// room returns how much memory can still be allocated before the kernel kills. A
// limit that the user set does not count, because the kernel does not know it.
func (s *memoryState) room() uint64 {
	room := uint64(math.MaxUint64) // not known, so no capture is refused for it
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

// MemoryNow reads memory between two ticks, for the memory watcher. It allocates
// nothing.
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
		s.available, _ = m.proc.HostAvailable() // 0 means not known
	}
	r.At, r.Room = now, s.room()
	if r.Used, r.Limit, err = s.memory(c); err == nil {
		m.watched.read(&r, m.cores(c))
	}
	return r, err
}
