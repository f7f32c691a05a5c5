package measure

// Spare returns how much memory may be taken before the limit or, if that is less, the
// memory that can still be allocated is used up, as of the latest reading, or of now
// before the first one. It is the largest number if neither is known. Any goroutine may
// call it.
func (m *Meter) Spare(c *Config) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ticks == 0 {
		m.refresh(m, 0, c)
	}
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
