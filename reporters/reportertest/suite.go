package reportertest

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes"
)

type test struct {
	name string
	run  func(*probe)
}

// suite lists the tests; their names read as what is promised.
func suite() []test {
	return []test{
		{"delivers a whole event from disk", func(p *probe) {
			p.delivers(DiskEvent(p))
		}},
		{"delivers a whole event from memory", func(p *probe) {
			p.delivers(MemoryEvent(p))
		}},
		{"delivers an event whose captures failed", func(p *probe) {
			p.delivers(EmptyEvent(p))
		}},
		{"keeps events apart", func(p *probe) {
			a, b := DiskEvent(p), MemoryEvent(p)
			p.delivers(a)
			p.delivers(b)
			p.holds(a)
		}},
		{"is safe to repeat", func(p *probe) {
			e := DiskEvent(p)
			for range 3 {
				p.delivers(e)
			}
		}},
		{"leaves the evidence alone", leavesTheEvidenceAlone},
		{"keeps nothing of the event", keepsNothing},
		{"returns when its context is done", returnsWhenDone},
		{"returns when its receiver stalls", returnsWhenStalled},
	}
}

func leavesTheEvidenceAlone(p *probe) {
	e := DiskEvent(p)
	before := p.filesOf(e)
	p.delivers(e)
	p.same("the event's directory", before, p.files(e.Dir))
	for _, name := range descriptorsInto(e.Dir) {
		p.Errorf("%s is still open after Report", name)
	}
}

// keepsNothing lets the event's owner do as it likes with what it owns. The
// race detector sees a reader that should have ended.
func keepsNothing(p *probe) {
	e := DiskEvent(p)
	content := []byte("a profile in memory")
	e.Profiles = append(e.Profiles, holmes.MemoryProfile("trace", "trace.out", content))
	want := p.filesOf(e)
	p.report(e)
	clear(content)
	for i := range e.Profiles {
		e.Profiles[i] = holmes.Profile{}
	}
	clear(e.Labels)
	if err := os.RemoveAll(e.Dir); err != nil {
		p.Fatal(err)
	}
	p.received(e.ID, want)
}

func returnsWhenDone(p *probe) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e := DiskEvent(p)
	if err := p.try(ctx, e); err == nil {
		p.holds(e) // fast enough to have done it all the same
		return
	}
	p.delivers(e) // and nothing of the first attempt is in the way
}

func returnsWhenStalled(p *probe) {
	if p.Stall == nil {
		p.Skip("the target has no Stall")
	}
	resume := p.Stall()
	e := DiskEvent(p)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	err := p.try(ctx, e)
	resume()
	switch {
	case err == nil:
		p.Errorf("Report returned nil though the receiver never answered")
	case holmes.IsPermanent(err):
		p.Errorf("Report returned a permanent error, so the event would be dropped: %v", err)
	}
	p.delivers(e)
}

// descriptorsInto returns the open files below dir, where the system can tell.
func descriptorsInto(dir string) []string {
	const table = "/proc/self/fd"
	entries, _ := os.ReadDir(table)
	var out []string
	for _, entry := range entries {
		to, err := os.Readlink(filepath.Join(table, entry.Name()))
		if rel, relErr := filepath.Rel(dir, to); err == nil && relErr == nil && filepath.IsLocal(rel) {
			out = append(out, to)
		}
	}
	return out
}
