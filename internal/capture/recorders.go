package capture

import (
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/supervise"
)

// recorders is the table of what is recorded beside an event. record runs in a
// goroutine of its own, follows the phases, and may pass a result to out at any time.
var recorders = []struct {
	name   string
	stage  Stage
	wanted func(t *Taker, kinds []event.Kind, p *Phases) bool
	record func(t *Taker, kinds []event.Kind, p *Phases, out func(Result))
}{
	{"trace", AtVerdict, wantsTrace, recordTrace},
	{"cpu profile", AtLength, wantsCPU, recordCPU},
	{"contention profiles", AtLength, wantsContention, recordContention},
}

// Record begins the recordings of an event with these kinds.
func (t *Taker) Record(kinds []event.Kind, p *Phases) *Recordings {
	r := &Recordings{scope: t.Scope, ready: supervise.NewBell()}
	for _, row := range recorders {
		if row.wanted(t, kinds, p) {
			r.begin(row.name, row.stage, func(out func(Result)) { row.record(t, kinds, p, out) })
		}
	}
	return r
}
