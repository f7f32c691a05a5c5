package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/jsonread"
)

// The wire types are the stable form of event.json: fields may be added, none
// is renamed or removed. Event itself stays free to change.
type (
	wireEvent struct {
		ID        string            `json:"id"`
		State     State             `json:"state"`
		At        time.Time         `json:"at"`
		Sentence  string            `json:"sentence"`
		Trigger   wireTrigger       `json:"trigger"`
		Diagnosis *diagnose.Verdict `json:"diagnosis,omitempty"`
		Profiles  []wireProfile     `json:"profiles"`
		Readings  Readings          `json:"readings"`
		Labels    map[string]string `json:"labels"`
		Cost      Cost              `json:"cost"`
		Holmes    wireHolmes        `json:"holmes"`
	}
	wireTrigger struct {
		Signal      detect.Signal `json:"signal"`
		Reason      string        `json:"reason"`
		Value       float64       `json:"value"`
		Limit       float64       `json:"limit"`
		Baseline    float64       `json:"baseline"`
		OverSeconds float64       `json:"baseline_seconds,omitempty"`
		HeldSeconds float64       `json:"held_seconds"`
		Sentence    string        `json:"sentence"`
		Window      []float64     `json:"window"`
		At          time.Time     `json:"at,omitzero"`
		Rule        *wireRule     `json:"rule,omitempty"`
		Times       int           `json:"times,omitempty"`
		TimesOver   float64       `json:"times_seconds,omitempty"`
	}
	wireRule struct {
		Min             float64 `json:"min,omitempty"`
		Diff            float64 `json:"diff,omitempty"`
		Abs             float64 `json:"abs,omitempty"`
		Max             float64 `json:"max,omitempty"`
		Margin          float64 `json:"margin,omitempty"`
		WindowSeconds   float64 `json:"window_seconds,omitempty"`
		HoldSeconds     float64 `json:"hold_seconds,omitempty"`
		CoolDownSeconds float64 `json:"cool_down_seconds,omitempty"`
	}
	wireProfile struct {
		Kind            Kind      `json:"kind"`
		File            string    `json:"file,omitempty"`
		Start           time.Time `json:"start,omitzero"`
		DurationSeconds float64   `json:"duration_seconds"`
		Note            string    `json:"note"`
	}
	wireHolmes struct {
		Version string `json:"version"`
	}
)

// MarshalJSON returns the event in the form of event.json.
func (e *Event) MarshalJSON() ([]byte, error) {
	w := wireEvent{
		ID: e.ID, State: e.State, At: e.At, Sentence: e.Sentence(), Profiles: []wireProfile{},
		Readings: e.Readings, Labels: e.Labels, Cost: e.Cost,
		Holmes: wireHolmes{Version: Version},
		Trigger: wireTrigger{
			Signal: e.Trigger.Sample.Signal, Reason: e.Trigger.Reason.Code,
			Value: e.Trigger.Sample.Value, Limit: e.Trigger.Sample.Limit,
			Baseline: sane(e.Trigger.Baseline), OverSeconds: e.Trigger.BaselineOver.Seconds(),
			HeldSeconds: e.Trigger.Held.Seconds(),
			Sentence:    e.Trigger.Sentence(), Window: e.Trigger.Window,
			At: e.Trigger.Sample.At, Rule: ruleToWire(e.Trigger.Reason.Rule),
			Times: e.Trigger.Times, TimesOver: e.Trigger.TimesOver.Seconds(),
		},
	}
	if e.Diagnosis.Sentence != "" {
		w.Diagnosis = &e.Diagnosis
	}
	if w.Labels == nil {
		w.Labels = map[string]string{}
	}
	if w.Trigger.Window == nil {
		w.Trigger.Window = []float64{}
	}
	for i := range e.Profiles {
		p := &e.Profiles[i]
		wp := wireProfile{Kind: p.Kind, File: p.File, Start: p.Start, DurationSeconds: p.Duration.Seconds(), Note: p.Note}
		if p.Err != nil {
			wp.File = ""
			if wp.Note == "" {
				wp.Note = p.Err.Error()
			}
		}
		w.Profiles = append(w.Profiles, wp)
	}
	return json.Marshal(w)
}

// UnmarshalJSON reads the form of event.json. It ignores unknown fields, so that
// events of a later version can be read.
func (e *Event) UnmarshalJSON(raw []byte) error {
	var w wireEvent
	if err := jsonread.Unmarshal(raw, &w); err != nil {
		return fmt.Errorf("holmes: event.json: %w", err)
	}
	*e = Event{
		ID: w.ID, State: w.State, At: w.At,
		Readings: w.Readings, Labels: w.Labels, Cost: w.Cost,
		Trigger: Trigger{
			Sample:   detect.Sample{Signal: w.Trigger.Signal, Value: w.Trigger.Value, Limit: w.Trigger.Limit, At: w.Trigger.At},
			Reason:   detect.Reason{Code: w.Trigger.Reason, Mean: w.Trigger.Baseline, Rule: w.Trigger.Rule.threshold(), Text: w.Trigger.Sentence},
			Baseline: w.Trigger.Baseline, BaselineOver: fromSeconds(w.Trigger.OverSeconds),
			Held:   fromSeconds(w.Trigger.HeldSeconds),
			Window: w.Trigger.Window,
			Times:  w.Trigger.Times, TimesOver: fromSeconds(w.Trigger.TimesOver),
		},
	}
	if w.Trigger.At.IsZero() {
		e.Trigger.Sample.At = w.At
	}
	if w.Diagnosis != nil {
		e.Diagnosis = *w.Diagnosis
	}
	for _, wp := range w.Profiles {
		p := Profile{
			Kind: wp.Kind, File: wp.File, Start: wp.Start, Note: wp.Note,
			Duration: fromSeconds(wp.DurationSeconds),
		}
		if p.File == "" {
			p.Err = errors.New(wp.Note)
		}
		e.Profiles = append(e.Profiles, p)
	}
	return nil
}

// fromSeconds rounds to a nanosecond, so that a duration is the same after JSON.
func fromSeconds(s float64) time.Duration {
	return time.Duration(math.Round(s * float64(time.Second)))
}

// sane returns v, or 0 for a value that JSON cannot hold: a user's rule may have
// returned one.
func sane(v float64) float64 {
	if detect.Finite(v) {
		return v
	}
	return 0
}

// ruleToWire returns nil for a rule without thresholds.
func ruleToWire(t detect.Threshold) *wireRule {
	if t == (detect.Threshold{}) {
		return nil
	}
	return &wireRule{
		Min: sane(t.Min), Diff: sane(t.Diff), Abs: sane(t.Abs), Max: sane(t.Max), Margin: sane(t.Margin),
		WindowSeconds: t.Window.Seconds(), HoldSeconds: t.Hold.Seconds(), CoolDownSeconds: t.CoolDown.Seconds(),
	}
}

func (w *wireRule) threshold() detect.Threshold {
	if w == nil {
		return detect.Threshold{}
	}
	return detect.Threshold{
		Min: w.Min, Diff: w.Diff, Abs: w.Abs, Max: w.Max, Margin: w.Margin,
		Window: fromSeconds(w.WindowSeconds), Hold: fromSeconds(w.HoldSeconds), CoolDown: fromSeconds(w.CoolDownSeconds),
	}
}
