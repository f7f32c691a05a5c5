package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/units"
	"github.com/go-holmes/holmes/collector/merge"
)

// A Timeline is totals over time, as /api/1/timeline answers them.
type Timeline struct {
	Value       string         `json:"value"` // the sample type
	By          string         `json:"by,omitempty"`
	StepSeconds float64        `json:"step_seconds"`
	Lines       []TimelineLine `json:"lines"` // never null
}

// A TimelineLine is the totals of one value of the label, in one unit.
type TimelineLine struct {
	By     string          `json:"by,omitempty"`
	Unit   string          `json:"unit"`
	Points []TimelinePoint `json:"points"`
}

// A TimelinePoint is the profiles that were created in one step.
type TimelinePoint struct {
	At              time.Time `json:"at"`    // the begin of the step
	Value           int64     `json:"value"` // the sum of their totals
	Profiles        int       `json:"profiles"`
	DurationSeconds float64   `json:"duration_seconds"` // the sum of theirs
}

// Defaults of a timeline.
const (
	timelineWindow = 24 * time.Hour
	timelineSteps  = 100
)

// getTimeline answers with totals over time.
func (rd *reader) getTimeline(w http.ResponseWriter, r *http.Request) error {
	q, err := rd.timelineQuery(r)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(r.Context(), rd.mergeLimit)
	defer stop()
	lines, err := rd.store.Timeline(ctx, q)
	if err != nil {
		return err
	}
	answer := Timeline{Value: q.Type, By: q.By, StepSeconds: q.Step.Seconds(), Lines: []TimelineLine{}}
	for _, l := range lines {
		line := TimelineLine{By: l.By, Unit: l.Unit, Points: make([]TimelinePoint, len(l.Points))}
		for i, p := range l.Points {
			line.Points[i] = TimelinePoint{At: p.At, Value: p.Value, Profiles: p.Profiles, DurationSeconds: p.Duration.Seconds()}
		}
		answer.Lines = append(answer.Lines, line)
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// timelineQuery reads the parameters of a timeline. Without an end it is until now, and
// without a begin it is of a day.
func (rd *reader) timelineQuery(r *http.Request) (q collector.TimelineQuery, err error) {
	values := r.URL.Query()
	if q.Query, err = rd.profileQuery(r); err != nil {
		return q, err
	}
	if q.To.IsZero() {
		q.To = rd.now().UTC()
	}
	if q.From.IsZero() {
		q.From = q.To.Add(-timelineWindow)
	}
	q.By, q.Type = values.Get("by"), cmp.Or(values.Get("value"), merge.MainType(q.Kind))
	if q.Type == "" {
		return q, collector.Errorf(collector.Invalid, "missing value, such as cpu or inuse_space, or type")
	}
	if q.Step, err = stepOf(values, q.To.Sub(q.From)); err != nil {
		return q, err
	}
	err = q.Validate()
	return q, err
}

// stepOf reads the parameter step; without it there are about a hundred, in whole seconds.
func stepOf(values url.Values, window time.Duration) (time.Duration, error) {
	var step units.Age
	switch text := values.Get("step"); {
	case text == "":
		return max((window / timelineSteps).Round(time.Second), time.Second), nil
	case step.Set(text) != nil || step == 0:
		return 0, collector.Errorf(collector.Invalid, "step %.40q is not a duration like 30s, 5m or 1d", text)
	}
	return time.Duration(step), nil
}
