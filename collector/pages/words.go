package pages

import (
	"fmt"
	"html/template"
	"math"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
)

// functions are the functions of templates.
func functions() template.FuncMap {
	return template.FuncMap{
		"stamp":    stamp,
		"clock":    func(at time.Time) string { return at.UTC().Format("15:04:05") },
		"bytes":    func(n int64) string { return flame.Format(float64(n), "bytes") },
		"percent":  flame.Percent,
		"short":    flame.Short,
		"lasting":  lasting,
		"pair":     pair,
		"matchers": matchersOf,
		"service":  func(name string) string { return link("/events", "service", name) },
	}
}

// stamp is a time in UTC, to the second.
func stamp(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05") }

// lasting is a rounded duration.
func lasting(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return flame.Format(float64(d), "nanoseconds")
}

// ago is the age of a time.
func ago(at, now time.Time) string {
	d := now.Sub(at)
	switch {
	case d < 0:
		return "from now"
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

// reading is the value of a signal: a part of its limit, or a number.
func reading(value, limit float64) string {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return "?"
	}
	if limit > 0 {
		return fmt.Sprintf("%.0f %%", value)
	}
	return flame.Format(value, "count")
}

// tone is the class of a signal's colour.
func tone(signal string) string {
	switch signal {
	case "cpu", "gccpu", "schedlat":
		return "tone-cpu"
	case "mem", "gcheap":
		return "tone-mem"
	case "goroutine", "thread", "mutexwait":
		return "tone-conc"
	default:
		return "tone-other"
	}
}

// primaryKind is the most telling kind of profile for a signal.
func primaryKind(signal string) collector.Kind {
	switch signal {
	case "mem", "gcheap":
		return collector.KindHeap
	case "goroutine":
		return collector.KindGoroutine
	case "thread":
		return collector.KindThreadcreate
	case "mutexwait":
		return collector.KindMutex
	default:
		return collector.KindCPU
	}
}

// unitOf is the unit of a reading, which its name ends with.
func unitOf(name string) string {
	switch {
	case strings.HasSuffix(name, "bytes"), strings.HasSuffix(name, "bytes_per_second"):
		return "bytes"
	case strings.HasSuffix(name, "seconds"):
		return "seconds"
	default:
		return ""
	}
}

// A sideForm is one half of the form for a comparison.
type sideForm struct {
	Prefix string
	S      *selection
	Kinds  []collector.Kind
}

func pair(prefix string, s *selection, kinds []collector.Kind) sideForm {
	return sideForm{prefix, s, kinds}
}

// A matcherForm is the fields of a form for matchers.
type matcherForm struct {
	Name  string
	Texts []string
}

func matchersOf(prefix string, matchers []collector.Matcher) matcherForm {
	form := matcherForm{Name: prefix + "match"}
	for i := range matchers {
		form.Texts = append(form.Texts, matchers[i].String())
	}
	return form
}
