package delivery

import (
	"slices"
	"sync"
)

// Limits of the memory buffer.
const (
	MaxInMemory      = 64       // events
	MaxInMemoryBytes = 32 << 20 // of their profiles, if so much memory is free, and of the events themselves:
	itemBytes        = 16 << 10
)

// A memory is the memory buffer: the events of which the disk refused a part. When it
// is full, it drops the oldest.
type memory struct {
	mu    sync.Mutex
	items []*item
	bytes int
}

// add adds an item that is in no queue yet, and returns those that are removed for it
// and for the bound of bytes. It keeps one item in any case.
func (m *memory) add(p *item, most int64) (lost []*item) {
	p.weight = itemBytes + p.size()
	m.mu.Lock()
	m.items = append(m.items, p)
	m.bytes += p.weight
	for len(m.items) > MaxInMemory || int64(m.bytes) > most && len(m.items) > 1 {
		lost = append(lost, m.items[0])
		m.bytes -= m.items[0].weight
		m.items = slices.Delete(m.items, 0, 1)
	}
	m.mu.Unlock()
	return lost
}

// remove removes an item that is delivered, or on disk.
func (m *memory) remove(p *item) {
	m.mu.Lock()
	if at := slices.Index(m.items, p); at >= 0 {
		m.bytes -= p.weight
		m.items = slices.Delete(m.items, at, at+1)
	}
	m.mu.Unlock()
}

func (m *memory) all() []*item {
	m.mu.Lock()
	all := slices.Clone(m.items)
	m.mu.Unlock()
	return all
}

func (m *memory) has(id string) bool {
	m.mu.Lock()
	has := slices.ContainsFunc(m.items, func(p *item) bool { return p.id == id })
	m.mu.Unlock()
	return has
}

// size returns how many events and bytes are held.
func (m *memory) size() (events, bytes int) {
	m.mu.Lock()
	events, bytes = len(m.items), m.bytes
	m.mu.Unlock()
	return events, bytes
}
