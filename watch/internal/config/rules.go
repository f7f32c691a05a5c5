package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
	"github.com/prometheus/common/model"
)

// Signals returns the signals that holmes-watch reads, in the order of its page.
func Signals() []detect.Signal {
	return []detect.Signal{
		detect.SignalCPU, detect.SignalMem, detect.SignalGCHeap, detect.SignalGoroutine, detect.SignalThread, detect.SignalGCCPU,
	}
}

// Rules are changes of the rules of signals. The defaults are those of the library; see
// [holmes.DefaultRule].
type Rules map[detect.Signal]Rule

// A Rule changes the fields of a [detect.Threshold] that it has.
type Rule struct {
	Off      bool            `yaml:"off"`
	Min      *float64        `yaml:"min"`
	Diff     *float64        `yaml:"diff"`
	Abs      *float64        `yaml:"abs"`
	Max      *float64        `yaml:"max"`
	Margin   *float64        `yaml:"margin"`
	Window   *model.Duration `yaml:"window"`
	Hold     *model.Duration `yaml:"hold"`
	CoolDown *model.Duration `yaml:"cool_down"`
}

// Of returns the rules of a signal, the slow one zero if there is none, and whether the
// signal is on.
func (r Rules) Of(s detect.Signal) (fast, slow detect.Threshold, on bool) {
	fast, slow = holmes.DefaultRule(s)
	change := r[s]
	for from, to := range map[*float64]*float64{
		change.Min: &fast.Min, change.Diff: &fast.Diff, change.Abs: &fast.Abs, change.Max: &fast.Max, change.Margin: &fast.Margin,
	} {
		if from != nil {
			*to = *from
		}
	}
	for from, to := range map[*model.Duration]*time.Duration{
		change.Window: &fast.Window, change.Hold: &fast.Hold, change.CoolDown: &fast.CoolDown,
	} {
		if from != nil {
			*to = time.Duration(*from)
		}
	}
	return fast, slow, !change.Off
}

// over returns the rules r, and those of base for signals that r does not have.
func (r Rules) over(base Rules) Rules {
	out := maps.Clone(base)
	if out == nil {
		out = Rules{}
	}
	maps.Copy(out, r)
	return out
}

func (r Rules) check() error {
	var wrong []error
	for s := range r {
		if !slices.Contains(Signals(), s) {
			wrong = append(wrong, fmt.Errorf("rules: there is no signal %q, only %v", s, Signals()))
			continue
		}
		fast, _, _ := r.Of(s)
		if err := fast.Check(); err != nil {
			wrong = append(wrong, fmt.Errorf("rules: %s: %w", s, err))
		}
	}
	return errors.Join(wrong...)
}
