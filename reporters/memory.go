package reporters

import (
	"slices"
	"sync"
)

// memorySize is how many events a reporter remembers.
const memorySize = 256

// A memory is which parts of which events a receiver has, or has refused. It is
// for receivers that would take a repeat for something new: what is in it is
// not sent again. It is lost when the process ends.
type memory struct {
	mu     sync.Mutex
	events map[string]map[string]error // by event and part, nil for delivered
	order  []string                    // the events, oldest first
}

// recall returns whether a part is known, and what has become of it.
func (m *memory) recall(event, part string) (known bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	err, known = m.events[event][part]
	return known, err
}

// settle keeps what has become of a part. The oldest event is forgotten when
// there are too many.
func (m *memory) settle(event, part string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.events[event] == nil {
		if m.events == nil {
			m.events = map[string]map[string]error{}
		}
		if len(m.order) == memorySize {
			delete(m.events, m.order[0])
			m.order = slices.Delete(m.order, 0, 1)
		}
		m.events[event] = map[string]error{}
		m.order = append(m.order, event)
	}
	m.events[event][part] = err
}
