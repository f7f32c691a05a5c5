package measure

// A Limit is what 100 % of a signal is.
type Limit struct {
	Value float64 // in cores or bytes, 0 if none is known
	From  string
}

// Limits are those of the signals that have one.
type Limits struct{ CPU, Memory, Heap Limit }

// Limits returns the limits as of the last tick. Any goroutine may call it.
func (m *Meter) Limits(c *Config) (l Limits) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ticks == 0 {
		return l
	}
	l.CPU.Value, l.CPU.From = m.cores(c)
	of, _ := m.memory(c)
	l.Memory = Limit{float64(of.limit), m.source(of.from)}
	heap, from := m.heapLimit(c)
	l.Heap = Limit{float64(heap), m.source(from)}
	return l
}

// source returns where a limit of memory is from, with the group that has it.
func (m *Meter) source(from string) string {
	if from != "" && from == m.usage.MemoryFile {
		from += " of the cgroup " + m.usage.MemoryPath
	}
	return from
}

// cores returns 100 % of CPU, which is the least of all that binds, and where it is
// from. It may be exceeded by C code, whose threads GOMAXPROCS does not count.
func (m *Meter) cores(c *Config) (cores float64, from string) {
	procs := float64(m.procs)
	cores, from = float64(m.affinity), "affinity mask"
	quota := 0.0
	if m.grouped {
		quota = m.usage.CPULimit
	}
	switch {
	case c.Cores > 0:
		cores, from = c.Cores, "WithCPUCore"
	case c.GOMAXPROCS:
		cores, from = procs, "GOMAXPROCS"
	case 0 < quota && quota < cores:
		cores, from = quota, "cgroup quota"
	}
	if procs < cores {
		cores, from = procs, "GOMAXPROCS"
	}
	return cores, from
}
