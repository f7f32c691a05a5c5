package holmes

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// ReasonType is the reason of an event in mosn/holmes; see [Reason].
type ReasonType uint8

// The reasons of mosn/holmes, with its spelling.
const (
	ReasonCurlLessMin    ReasonType = iota // below min
	ReasonCurlGreaterMin                   // the rule does not fire
	ReasonCurGreaterMax                    // at or above max
	ReasonCurGreaterAbs                    // above abs
	ReasonDiff                             // above the mean by diff
)

// String returns the reason in words.
func (r ReasonType) String() string {
	switch r {
	case ReasonCurlLessMin:
		return "below min"
	case ReasonCurlGreaterMin:
		return "above min, nothing else holds"
	case ReasonCurGreaterMax:
		return "at or above max"
	case ReasonCurGreaterAbs:
		return "above abs"
	case ReasonDiff:
		return "above the mean by diff"
	default:
		return "other"
	}
}

// TypeOption is the part of [Scene] that holds the thresholds.
type TypeOption struct {
	Enable                              bool
	TriggerMin, TriggerAbs, TriggerDiff int
	CoolDown                            time.Duration
}

// Set sets the thresholds.
func (o *TypeOption) Set(minimum, abs, diff int, coolDown time.Duration) {
	o.TriggerMin, o.TriggerAbs, o.TriggerDiff, o.CoolDown = minimum, abs, diff, coolDown
}

// Scene is the reading that fired, for a [ProfileReporter], in percent or counts.
type Scene struct {
	TypeOption
	CurVal int // the value that fired
	Avg    int // the mean before it
}

// ProfileReporter is a reporter of mosn/holmes, which is called once for each profile.
// Write a new one as a [Reporter].
type ProfileReporter interface {
	Report(pType string, filename string, reason ReasonType, eventID string, sampleTime time.Time, pprofBytes []byte, scene Scene) error
}

// WithProfileReporter adds a reporter of mosn/holmes, which is called once for each
// profile of an event. A second one replaces the first. A nil reporter is ignored.
func WithProfileReporter(r ProfileReporter) Option {
	return option{"WithProfileReporter", func(c *config) error {
		if r == nil {
			return nil
		}
		c.delivery.Replace(isClassic, classicReporter{r})
		return nil
	}}
}

// classicReporter is a ProfileReporter as a Reporter.
type classicReporter struct{ to ProfileReporter }

func isClassic(r Reporter) bool { _, ok := r.(classicReporter); return ok }

// Name returns the type of the wrapped reporter.
func (c classicReporter) Name() string { return fmt.Sprintf("%T", c.to) }

// Report calls the wrapped reporter for each profile. An execution trace is none.
func (c classicReporter) Report(ctx context.Context, e *Event) error {
	t := e.Trigger
	scene := Scene{CurVal: int(t.Sample.Value), Avg: int(t.Baseline)}
	rule := t.Reason.Rule
	scene.Enable = true
	scene.Set(int(rule.Min), int(rule.Abs), int(rule.Diff), rule.CoolDown)
	reason := ReasonDiff
	if t.Reason.Code == CodeAbs {
		reason = ReasonCurGreaterAbs
	}
	row, _ := rowOf(t.Sample.Signal)
	for i := range e.Profiles {
		p := &e.Profiles[i]
		switch {
		case !p.Captured(), ctx.Err() != nil,
			p.Kind == KindTrace,
			slices.Contains(row.Context, p.Kind) && !slices.Contains(row.Kinds, p.Kind): // mosn/holmes has no profiles for a diagnosis
			continue
		}
		raw, err := p.ReadAll(math.MaxInt64 - 1)
		if err != nil {
			return err
		}
		if err := c.to.Report(string(p.Kind), cmp.Or(p.Path, p.File), reason, e.ID, p.Start, raw, scene); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// EnableCPUDump is Enable(SignalCPU).
func (h *Holmes) EnableCPUDump() *Holmes { return h.Enable(SignalCPU) }

// DisableCPUDump is Disable(SignalCPU).
func (h *Holmes) DisableCPUDump() *Holmes { return h.Disable(SignalCPU) }

// EnableMemDump is Enable(SignalMem).
func (h *Holmes) EnableMemDump() *Holmes { return h.Enable(SignalMem) }

// DisableMemDump is Disable(SignalMem).
func (h *Holmes) DisableMemDump() *Holmes { return h.Disable(SignalMem) }

// EnableGCHeapDump is Enable(SignalGCHeap).
func (h *Holmes) EnableGCHeapDump() *Holmes { return h.Enable(SignalGCHeap) }

// DisableGCHeapDump is Disable(SignalGCHeap).
func (h *Holmes) DisableGCHeapDump() *Holmes { return h.Disable(SignalGCHeap) }

// EnableGoroutineDump is Enable(SignalGoroutine).
func (h *Holmes) EnableGoroutineDump() *Holmes { return h.Enable(SignalGoroutine) }

// DisableGoroutineDump is Disable(SignalGoroutine).
func (h *Holmes) DisableGoroutineDump() *Holmes { return h.Disable(SignalGoroutine) }

// EnableThreadDump is Enable(SignalThread).
func (h *Holmes) EnableThreadDump() *Holmes { return h.Enable(SignalThread) }

// DisableThreadDump is Disable(SignalThread).
func (h *Holmes) DisableThreadDump() *Holmes { return h.Disable(SignalThread) }

// EnableShrinkThread turns the setting of [WithShrinkThread] on.
func (h *Holmes) EnableShrinkThread() *Holmes { return h.shrinkThread(true) }

// DisableShrinkThread turns the setting of [WithShrinkThread] off.
func (h *Holmes) DisableShrinkThread() *Holmes { return h.shrinkThread(false) }

func (h *Holmes) shrinkThread(on bool) *Holmes {
	_ = h.Set(option{"ShrinkThread", func(c *config) error { // an inert Holmes ignores it
		c.monitor.Shrink.Enabled = on && c.monitor.Shrink.Threshold > 0
		return nil
	}})
	return h
}

// EnableProfileReporter resumes the reporter of [WithProfileReporter].
func (h *Holmes) EnableProfileReporter() { h.profileReporter(false) }

// DisableProfileReporter pauses the reporter of [WithProfileReporter]: it gets no new
// events.
func (h *Holmes) DisableProfileReporter() { h.profileReporter(true) }

func (h *Holmes) profileReporter(off bool) {
	if c := h.config(); c != nil {
		if q := c.delivery.Find(isClassic); q != nil {
			q.Disable(off)
		}
	}
}

// EnableDump returns an error if curCPU percent is at or above [WithCPUMax].
func (h *Holmes) EnableDump(curCPU int) error {
	if c := h.config(); c != nil && c.monitor.CPUMax > 0 && float64(curCPU) >= c.monitor.CPUMax {
		return fmt.Errorf("holmes: CPU %d %% is at or above WithCPUMax(%v)", curCPU, c.monitor.CPUMax)
	}
	return nil
}

// ReportProfile passes one profile to the reporter of [WithProfileReporter], in the
// caller's goroutine.
func (h *Holmes) ReportProfile(pType string, filename string, reason ReasonType, eventID string, sampleTime time.Time, pprofBytes []byte, scene Scene) {
	c := h.config()
	if c == nil {
		return
	}
	q := c.delivery.Find(isClassic)
	if q == nil || q.Disabled() {
		return
	}
	old, _ := q.Reporter().(classicReporter)
	err := q.Call(func() error {
		return old.to.Report(pType, filename, reason, eventID, sampleTime, pprofBytes, scene)
	})
	log := h.log.With("reporter", q.Name(), "event", eventID)
	if err != nil {
		log.Begin("report "+q.Name(), "reporter %s failed: %v", q.Name(), err)
	} else {
		log.End("report "+q.Name(), "reporter %s does not fail any more", q.Name())
	}
}
