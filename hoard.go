package holmes

import (
	"slices"
	"sync"
)

// What the disk refused takes at most so much memory.
const (
	maxHoard      = 64       // events
	maxHoardBytes = 32 << 20 // of their profiles, and of the events themselves:
	heldEvent     = 16 << 10
)

// A hoard is the events that are held in memory because the disk refused them,
// or a part of them. When there are too many, the oldest loses its memory.
type hoard struct {
	mu      sync.Mutex
	parcels []*parcel
	bytes   int
}

// add takes a parcel in that nobody else has yet, and returns those that have
// to go for it.
func (h *hoard) add(p *parcel) (lost []*parcel) {
	p.weight = heldEvent
	for i := range p.ev.Profiles {
		p.weight += len(p.ev.Profiles[i].Content())
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.parcels = append(h.parcels, p)
	h.bytes += p.weight
	for len(h.parcels) > maxHoard || h.bytes > maxHoardBytes {
		lost = append(lost, h.parcels[0])
		h.bytes -= h.parcels[0].weight
		h.parcels = slices.Delete(h.parcels, 0, 1)
	}
	return lost
}

// remove lets a parcel go that is delivered, or on disk.
func (h *hoard) remove(p *parcel) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if at := slices.Index(h.parcels, p); at >= 0 {
		h.bytes -= p.weight
		h.parcels = slices.Delete(h.parcels, at, at+1)
	}
}

func (h *hoard) all() []*parcel {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.parcels)
}

func (h *hoard) has(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.parcels, func(p *parcel) bool { return p.id == id })
}
