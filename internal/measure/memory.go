package measure

import (
	"math"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/procstat"
)

// A memoryState is the memory at one moment: of the process and of its control
// groups.
type memoryState struct {
	at      time.Duration
	usage   cgroup.Usage
	grouped bool // usage is valid
	own     procstat.Memory
	ownErr  error
	host    uint64 // memory of the machine in bytes
}

// A share is what the mem signal compares, in bytes.
type share struct {
	used, limit uint64 // limit is 0 if none is known
	from        string // where the limit is from
	own         bool   // used is of the process instead of its group
}

// availableEvery is the least time between two readings of the machine's memory,
// which take longer than all others.
const availableEvery = time.Second

// refresh reads the control groups. The caller reads own.
func (s *memoryState) refresh(m *Meter, now time.Duration, c *Config) {
	s.at, s.host = now, m.hostMemory
	s.grouped = m.group != nil && c.CGroup && m.group.Usage(&s.usage) == nil
}

// ownMemory reports whether the mem signal is about the process instead of its group:
// if the user set the limit, or no group has one.
func (s *memoryState) ownMemory(c *Config) bool {
	return c.MemoryLimit > 0 || !s.grouped || s.usage.MemoryLimit == 0
}

// memory returns what the mem signal compares: the user's limit, or the fullest of all
// that bind the process. The limit is right in spite of an error, which is that of the
// memory of the process.
func (s *memoryState) memory(c *Config) (share, error) {
	if c.MemoryLimit > 0 {
		return share{s.own.Used, c.MemoryLimit, "WithMemoryLimit", true}, s.ownErr
	}
	out, err := share{s.own.Used, s.host, "the machine", true}, s.ownErr
	if !s.ownMemory(c) {
		out.used, out.own, err = s.usage.MemoryUsed, false, nil
		if s.host == 0 || s.usage.MemoryLimit < s.host {
			out.limit, out.from = s.usage.MemoryLimit, s.usage.MemoryFile
		}
	}
	if s.own.Rlimit != "" && s.ownErr == nil {
		// Of the address space, much is reserved and will never be used.
		space := share{s.own.Used, s.own.Used + s.own.Room, s.own.Rlimit, true}
		if cgroup.Percent(space.used, space.limit) > cgroup.Percent(out.used, out.limit) {
			out = space
		}
	}
	return out, err
}

// room returns how much memory can still be allocated before the process is killed,
// given what the machine has available, 0 if that is not known. A limit that the user
// set does not count, because the kernel does not know it, nor does memory.high, at
// which it does not kill.
func (s *memoryState) room(available uint64) uint64 {
	room := uint64(math.MaxUint64) // not known, so no capture is refused for it
	switch {
	case available > 0:
		room = available
	case s.host > 0:
		room = s.host - min(s.host, s.own.Used)
	}
	if s.grouped {
		room = min(room, s.usage.MemoryRoom)
	}
	if s.own.Rlimit != "" {
		room = min(room, s.own.Room)
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
	s.own, s.ownErr = m.own, m.ownErr // of the last tick, where that is enough
	if s.ownMemory(c) || m.own.Rlimit != "" {
		s.own, s.ownErr = m.proc.Memory()
	}
	if m.availableAt == 0 || now-m.availableAt >= availableEvery {
		m.availableAt = now
		m.available, _ = m.proc.HostAvailable() // 0 means not known
	}
	r.At, r.Room = now, s.room(m.available)
	of, err := s.memory(c)
	if r.Used, r.Limit = of.used, of.limit; err == nil {
		cores, _ := m.cores(c)
		m.watched.read(&r, cores)
	}
	return r, err
}
