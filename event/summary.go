package event

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/humanize"
)

// Summary returns the event as text for a terminal, which is the content of
// [SummaryFile].
func (e *Event) Summary() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\n%s, %s, %s\n", e.Sentence(), e.ID, e.State, e.At.Format(time.RFC3339))
	if trigger := e.Trigger.Sentence(); !strings.HasPrefix(e.Sentence(), trigger) {
		b.WriteString(trigger + "\n")
	}
	for i := range e.Diagnosis.Culprits {
		c := &e.Diagnosis.Culprits[i]
		fmt.Fprintf(&b, "  %5.1f %%  %s (%s:%d)", c.Share*100, cmp.Or(c.Display, c.Function), c.File, c.Line)
		if c.WaitedIn != "" {
			b.WriteString(", while others wait in " + c.WaitedIn)
		}
		b.WriteByte('\n')
	}
	for _, caveat := range e.Diagnosis.Caveats {
		fmt.Fprintf(&b, "  (%s)\n", caveat)
	}
	r := &e.Readings
	fmt.Fprintf(&b, "\nCPU %.0f %% of %s cores, memory %d of %d MiB (%s), RSS %d MiB, live heap %d MiB, %d goroutines, %d threads\n\n",
		r.CPUPercent, humanize.Number(r.Cores), r.MemoryUsed>>20, r.MemoryLimit>>20, r.MemoryScope, r.RSS>>20, r.HeapLive>>20, r.Goroutines, r.Threads)
	for _, s := range r.GoroutineSites {
		fmt.Fprintf(&b, "  %7d goroutines of %s\n", s.Count, s.Function)
	}
	if notes := r.notes(); notes != "" {
		fmt.Fprintf(&b, "%s\n\n", notes)
	}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		switch {
		case p.Path != "":
			fmt.Fprintf(&b, "%s %s", p.Kind.viewer(), filepath.Base(p.Path))
		case p.Captured():
			fmt.Fprintf(&b, "%s: in memory only", p.Kind)
		default:
			fmt.Fprintf(&b, "no %s profile", p.Kind)
		}
		if p.Note != "" {
			fmt.Fprintf(&b, "  # %s", p.Note)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
