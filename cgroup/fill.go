package cgroup

// fillUsage writes the known figures into u.
func (r *Reader) fillUsage(u *Usage) {
	*u = Usage{Generation: r.generation, Unseen: r.flags(), MemoryRoom: r.groups.memory.room}
	_, u.CPULimit = r.groups.cpu.tightest()
	m := &r.groups.memory
	if m.current < 0 {
		return
	}
	l := m.levels[m.current]
	u.MemoryLevel = m.current
	u.MemoryUsed, u.MemoryRaw = l.figure()
	if u.MemoryLimit = l.Limit(); u.MemoryLimit > 0 {
		u.MemoryFile, u.MemoryPath = l.limitFile(), l.Path
	}
}

// fillSample writes the known figures into s and reuses its slices.
func (r *Reader) fillSample(s *Sample) {
	s.reset()
	s.Generation, s.Unseen = r.generation, r.flags()

	m := &r.groups.memory
	s.Memory.Version, s.Memory.Err = m.version, m.err
	s.Memory.Pressure = r.groups.memoryPressure
	s.Memory.Binding = m.fullest(func(l *memoryLevel) uint64 { return l.Used() })
	for _, l := range m.levels {
		s.Memory.Levels = append(s.Memory.Levels, l.MemoryLevel)
		s.Memory.Limit = smallest(s.Memory.Limit, l.Limit())
	}

	c := &r.groups.cpu
	s.CPU.Version, s.CPU.Err = c.version, c.err
	s.CPU.Pressure = r.groups.cpuPressure
	s.CPU.Binding, s.CPU.Limit = c.tightest()
	for _, l := range c.levels {
		s.CPU.Levels = append(s.CPU.Levels, l.CPULevel)
	}
}

// reset empties s but keeps the memory of its slices.
func (s *Sample) reset() {
	memory, cpu := s.Memory.Levels[:0], s.CPU.Levels[:0]
	*s = Sample{}
	s.Memory.Levels, s.CPU.Levels = memory, cpu
	s.Memory.Binding, s.CPU.Binding = -1, -1
}

// flags returns the flags of the current reading.
func (r *Reader) flags() Unseen {
	flags := r.groups.flags()
	if r.lost {
		flags |= UnseenMembership
	}
	return flags
}
