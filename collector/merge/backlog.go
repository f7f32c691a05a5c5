package merge

import (
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A content counts what has arrived of a period since its roll-up was made, or since
// the start.
type content struct {
	profiles int
	prints   uint64
	since    time.Time // when the first of them was seen, if there was a roll-up by then
}

// A backlog is the periods that have profiles to roll up. Its methods are called with
// the mutex of the roll-ups held.
type backlog map[period]content

// add counts a profile that has arrived.
func (b backlog) add(meta *collector.Meta) {
	if !meta.Kind.Pprof() {
		return
	}
	id := printOf(meta.ID)
	for _, kind := range meta.Kinds() {
		for level := range periods() {
			p := period{series{meta.Service, kind}, level, begin(meta.CreatedAt, level)}
			t := b[p]
			t.profiles++
			t.prints += id
			b[p] = t
		}
	}
}
