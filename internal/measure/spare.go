package measure

// Spare returns how much memory may be taken before the limit or, if that is less, the
// memory that can still be allocated is used up, as of the latest reading. It is the
// largest number while neither is known. It makes no system call, and any goroutine may
// call it.
func (m *Meter) Spare(c *Config) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	room := m.newest().room(m.available)
	if of, err := m.memory(c); err == nil && of.limit > 0 {
		room = min(room, of.limit)
	}
	return room
}

// newest returns the latest state of memory.
func (m *Meter) newest() *memoryState {
	if m.between.at > m.at {
		return &m.between
	}
	return &m.memoryState
}
