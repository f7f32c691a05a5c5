package cgroup

import (
	"errors"
	"fmt"
	"math"
)

// groups is the result of one look-up. The files stay open until the next one.
type groups struct {
	memory memory
	cpu    cpu

	memoryPressure, cpuPressure Pressure

	probes   []*probe  // all files, in the order in which a sample reads them
	rotation []rotated // files that Usage reads one at a time
	next     int       // index of the next one
	unseen   Unseen    // flags of the look-up
	changed  bool      // a controller was switched on or off
}

// memory is the state of the memory controller.
type memory struct {
	version Version
	err     error // why no level can be seen
	levels  []*memoryLevel
	current int // the level that Usage reports, -1 if there is none

	killing *memoryLevel // the level whose hard limit leaves the least room, nil if none has one
	room    uint64       // that room
}

// cpu is the state of the CPU controller.
type cpu struct {
	version Version
	err     error // why no level can be seen
	levels  []*cpuLevel
}

// unavailable returns the reasons why no controller can be seen, nil if one can.
func (g *groups) unavailable() error {
	m, c := errors.Unwrap(g.memory.err), errors.Unwrap(g.cpu.err) // without their prefixes
	switch {
	case m == nil || c == nil:
		return nil
	case m == c: //nolint:errorlint // the same failure is reported once
		return fmt.Errorf("%w: %w", ErrUnavailable, m)
	default:
		return fmt.Errorf("%w: memory: %w; cpu: %w", ErrUnavailable, m, c)
	}
}

// rotated is a file of the rotation.
type rotated struct {
	*probe
	due func() bool // false: not needed now; nil: always needed
}

// plan makes the rotation.
func (g *groups) plan() {
	m := &g.memory
	for i, l := range m.levels {
		g.rotate(l.rotation(
			func() bool { return m.binding() == m.levels[i] }, func() bool { return m.killing == m.levels[i] }))
	}
	for _, l := range g.cpu.levels {
		g.rotate(l.rotation(g.cpu.version))
	}
}

// rotate adds the files that exist.
func (g *groups) rotate(files []rotated) {
	for _, t := range files {
		if t.file != nil {
			g.rotation = append(g.rotation, t)
		}
	}
}

// nextDue returns the next file of the rotation that is due, nil if there is none.
func (g *groups) nextDue() *probe {
	for range g.rotation {
		t := g.rotation[g.next]
		g.next = (g.next + 1) % len(g.rotation)
		if t.due == nil || t.due() {
			return t.probe
		}
	}
	return nil
}

// flags returns the flags of what cannot be read now.
func (g *groups) flags() Unseen {
	flags := g.unseen
	for _, p := range g.probes {
		if p.failed {
			flags |= p.flag
		}
	}
	return flags
}

// close closes all files.
func (g *groups) close() error {
	var errs []error
	for _, p := range g.probes {
		if p.file != nil {
			errs = append(errs, p.file.Close())
		}
	}
	return errors.Join(errs...)
}

// bind chooses the level that Usage reports: the fullest one that has a limit, or else the leaf-most one. It also finds
// the level that the kernel would kill at, which is another one where memory.high binds.
func (m *memory) bind() {
	m.killing, m.room = nil, math.MaxUint64
	for _, l := range m.levels {
		hard := l.hard()
		if hard == 0 || !l.known() {
			continue
		}
		used, _ := l.figure()
		if room := hard - min(hard, used); m.killing == nil || room < m.room {
			m.killing, m.room = l, room
		}
	}
	m.current = m.fullest(func(l *memoryLevel) uint64 { used, _ := l.figure(); return used })
	for i := 0; m.current < 0 && i < len(m.levels); i++ {
		if m.levels[i].known() {
			m.current = i
		}
	}
}

// binding returns the level that is read at every tick: the one that Usage reports, if it has a limit.
func (m *memory) binding() *memoryLevel {
	if m.current < 0 || m.levels[m.current].Limit() == 0 {
		return nil
	}
	return m.levels[m.current]
}

// fullest returns the level with the highest used part of its limit, the leaf-most of equal ones; -1 if none has a
// limit.
func (m *memory) fullest(used func(*memoryLevel) uint64) int {
	best, percent := -1, 0.0
	for i, l := range m.levels {
		limit := l.Limit()
		if limit == 0 || !l.known() {
			continue
		}
		if p := Percent(used(l), limit); best < 0 || p > percent {
			best, percent = i, p
		}
	}
	return best
}

// tightest returns the level with the smallest quota and that quota; -1 and 0 if none has one.
func (c *cpu) tightest() (int, float64) {
	best, cores := -1, 0.0
	for i, l := range c.levels {
		if l.Quota > 0 && (best < 0 || l.Quota < cores) {
			best, cores = i, l.Quota
		}
	}
	return best, cores
}
