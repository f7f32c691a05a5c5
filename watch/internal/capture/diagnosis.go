package capture

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/humanize"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// diagnose compares the event with the baseline of its service and version.
func (b *builder) diagnose() {
	b.captures.decoding(func() {
		base := b.captures.baselines.of(b.source.Target)
		c := diagnose.Case{Signal: string(b.event.Trigger.Sample.Signal)}
		for i := range b.event.Profiles {
			b.addTo(&c, &b.event.Profiles[i])
		}
		c.Baseline = base.parse()
		if heap := b.event.Profile(event.KindHeap); heap != nil && base != nil {
			c.SinceBaseline = heap.Start.Sub(base.heapAt)
		}
		// The target does not say which module is its main one.
		v := diagnose.Diagnose(c, diagnose.Options{ByFile: true, Own: b.source.Target.Job.Own})
		if v.Compared != "" && base != nil {
			v.Compared += ", the latest " + humanize.Duration(time.Since(base.at)) + " before"
			if base.instance != b.source.Target.Instance() {
				v.Compared += fmt.Sprintf(", of %s", base.instance)
			}
		}
		b.event.Diagnosis = v
	})
}

// addTo adds a profile of the event to the case. The longest of a kind counts, and of
// snapshots the last one.
func (b *builder) addTo(c *diagnose.Case, p *event.Profile) {
	if !p.Captured() {
		return
	}
	raw, err := b.files.Read(p, b.captures.config.ProfileBytes)
	if err != nil {
		b.report(err)
		return
	}
	parsed, err := pprofread.Parse(raw)
	if err != nil {
		return // it was decoded when it was taken
	}
	if to := field(&c.Event, p.Kind); to != nil {
		*to = parsed
	}
	if p.Kind == event.KindGoroutine {
		c.Goroutines = append(c.Goroutines, parsed)
	}
}

// field returns the place of a kind in a snapshot.
func field(s *diagnose.Snapshot, k event.Kind) **diagnose.Profile {
	switch k {
	case event.KindCPU:
		return &s.CPU
	case event.KindHeap:
		return &s.Heap
	case event.KindGoroutine:
		return &s.Goroutine
	case event.KindThreadcreate:
		return &s.Threadcreate
	case event.KindMutex:
		return &s.Mutex
	case event.KindBlock:
		return &s.Block
	}
	return nil
}

// parse decodes the baseline. It was decoded when it was taken.
func (b *baseline) parse() *diagnose.Baseline {
	if b == nil {
		return nil
	}
	out := &diagnose.Baseline{HeapSpan: b.span}
	for k, raw := range b.raw {
		if p, err := pprofread.Parse(raw); err == nil {
			*field(&out.Snapshot, k) = p
		}
	}
	for k, to := range map[event.Kind]**diagnose.Profile{event.KindHeap: &out.EarlierHeap, event.KindGoroutine: &out.EarlierGoroutine} {
		if p, err := pprofread.Parse(b.earlier[k]); b.earlier != nil && err == nil {
			*to = p
		}
	}
	return out
}
