package reporters

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
)

// A Notice is what a message says of an event, and the data of a template that
// is your own; see [JSON]. It has no profile: those go to other receivers.
type Notice struct {
	ID       string
	State    string // "confirmed" or "unconfirmed"
	Severity string // "info", "warning" or "critical", see [SeverityOf]
	Signal   string
	Reason   string // the code: "abs", "diff", ...
	At       time.Time
	// Value is what was measured, in percent of Limit, or a plain count when
	// that is 0. Baseline is the mean before it.
	Value, Limit, Baseline float64
	// Sentence is the event in one line: Trigger, what was seen, and Diagnosis,
	// the culprit, which may be empty.
	Sentence, Trigger, Diagnosis string
	// Confident is whether the first of the culprits is to blame. If it is not,
	// they are candidates.
	Confident bool
	Culprits  []diagnose.Culprit
	Labels    map[string]string
	// Profiles are the names of the event's files.
	Profiles []string
	// Link is where the event can be seen, and empty without [WithLink].
	Link string
	// Others are the further events of the message, oldest first.
	Others []Notice
}

// How much of an event a message shows. Longer texts are cut off.
const (
	maxSentence = 1000
	maxCulprits = 3
	maxShown    = 200 // a function
	maxLink     = 1000
	maxLabels   = 400 // all of them
	maxHeading  = 300
)

// newNotice returns the notice of an event. They share no memory, because a message
// may still be sent when the Report that waited for it has returned.
func newNotice(e *holmes.Event, link linker) (Notice, error) {
	n := Notice{
		ID: e.ID, State: string(e.State), Severity: SeverityOf(e).String(),
		Signal: string(e.Trigger.Sample.Signal), Reason: e.Trigger.Reason.Code, At: e.At,
		Value: e.Trigger.Sample.Value, Limit: e.Trigger.Sample.Limit, Baseline: e.Trigger.Baseline,
		Sentence: e.Sentence(), Trigger: e.Trigger.Sentence(), Diagnosis: e.Diagnosis.Sentence,
		Confident: e.Diagnosis.Confident, Culprits: slices.Clone(e.Diagnosis.Culprits), Labels: maps.Clone(e.Labels),
	}
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.Captured() {
			n.Profiles = append(n.Profiles, p.File)
		}
	}
	if link == nil {
		return n, nil
	}
	var err error
	if n.Link, err = link(n); err != nil {
		return n, holmes.Permanent(fmt.Errorf("holmes: WithLink: %w", err))
	}
	return n, nil
}

// heading has the severity, the service and the instance: "warning: shop on pod-7".
func (n *Notice) heading() string {
	out := n.Severity + ": "
	if s := n.Labels[labelService]; s != "" {
		out += s
	} else {
		out += "a service without a name"
	}
	if i := n.Labels[labelInstance]; i != "" {
		out += " on " + i
	}
	return clean(out, maxHeading)
}

// description returns the sentence and the culprits, a line each.
func (n *Notice) description() []string {
	out := []string{clean(n.Sentence, maxSentence)}
	for i, c := range n.Culprits[:min(len(n.Culprits), maxCulprits)] {
		out = append(out, fmt.Sprintf("%d. %s", i+1, culpritLine(c)))
	}
	return out
}

// lines are the message in plain text, without the heading and the link.
func (n *Notice) lines() []string {
	out := append(n.description(), clean(n.State+" event "+n.ID, maxShown))
	var labels []string
	for _, k := range slices.Sorted(maps.Keys(n.Labels)) {
		labels = append(labels, k+"="+n.Labels[k])
	}
	if len(labels) > 0 {
		out = append(out, clean(strings.Join(labels, ", "), maxLabels))
	}
	return out
}

// culpritLine is "main.applyCoupons (coupon.go:41), 64 % of cpu", and for the holder
// of a lock "..., 64 % wait in main.lookup".
func culpritLine(c diagnose.Culprit) string {
	out := cmp.Or(c.Display, c.Function)
	if c.File != "" {
		out += fmt.Sprintf(" (%s:%d)", c.File, c.Line)
	}
	what := fmt.Sprintf(", %.0f %% of %s", c.Share*100, c.Evidence)
	if c.WaitedIn != "" {
		what = fmt.Sprintf(", %.0f %% wait in %s", c.Share*100, c.WaitedIn)
	}
	return clean(out, maxShown) + clean(what, maxShown)
}

// text is the whole message of some events in plain text.
func text(notices []Notice) string {
	var b strings.Builder
	for i := range notices {
		n := &notices[i]
		if i > 0 {
			b.WriteString("\n\n")
		}
		b.WriteString(n.heading() + "\n" + strings.Join(n.lines(), "\n"))
		if n.Link != "" {
			b.WriteString("\n" + n.Link)
		}
	}
	return b.String()
}
