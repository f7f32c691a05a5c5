package merge

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A Class tells values that may be added over time from those that may not.
type Class string

// The classes of values.
const (
	// Flow is of what happened meanwhile: CPU time, allocations, waits for locks.
	Flow Class = "flow"
	// Snapshot is of what there was at a moment: the heap in use, goroutines.
	Snapshot Class = "snapshot"
)

// classOf returns the class of values, from the kind of their profile and their
// type.
func classOf(kind collector.Kind, typ string) Class {
	switch {
	case kind == collector.KindGoroutine, kind == collector.KindThreadcreate,
		strings.HasPrefix(typ, "inuse"), strings.HasPrefix(typ, "goroutine"),
		slices.Contains([]string{"space", "objects", "threadcreate"}, typ):
		return Snapshot
	}
	return Flow
}

// cumulative reports whether a profile counts values from the start of its process
// on. The runtime does so for allocations and contentions; a profile that covers a
// time has only what was added in it.
func cumulative(kind collector.Kind, typ string, duration time.Duration) bool {
	return duration == 0 && kind != collector.KindCPU && slices.Contains([]string{"alloc_space", "alloc_objects", "contentions", "delay"}, typ)
}

// Over is how the values of several profiles of an instance become one.
type Over string

// The ways. A reader may ask for Total, the default, Rate and Latest; each is for
// values of one class, and values of the other are as without it.
const (
	Total  Over = "total"  // flows: added up
	Rate   Over = "rate"   // flows: per second of the time that they cover
	Latest Over = "latest" // snapshots: the latest of each instance

	Mean       Over = "mean"        // snapshots: the mean over time of each instance
	SinceStart Over = "since_start" // flows: since the start of processes of which there is one profile
)

// A View says how values become one number: over time, and over instances. The
// zero View adds flows, takes the mean of the snapshots of each instance, and adds
// up the instances.
type View struct {
	Over Over
	// PerInstance divides by the number of instances.
	PerInstance bool
}

// ParseView reads the parameters over and instances; "" is the default of each.
func ParseView(over, instances string) (v View, err error) {
	switch v.Over = Over(over); v.Over {
	case "", Total, Rate, Latest:
	default:
		return v, collector.Errorf(collector.Invalid, "over %.40q is none of total, rate, latest", over)
	}
	switch instances {
	case "", "sum":
	case "mean":
		v.PerInstance = true
	default:
		return v, collector.Errorf(collector.Invalid, "instances %.40q is neither sum nor mean", instances)
	}
	return v, nil
}

// A Measure says what the values of a column are: everything that has to be known
// to read them, and to compare them with others.
type Measure struct {
	Class Class `json:"kind"`
	Over  Over  `json:"over"`
	// PerInstance says that values are those of one instance, the mean of all.
	PerInstance bool `json:"per_instance"`
	// Profiles and Instances are those that count.
	Profiles  int `json:"profiles"`
	Instances int `json:"instances"`
	// Seconds is the time that flows cover, of all instances together; 0 if the
	// profiles do not say.
	Seconds float64 `json:"seconds,omitempty"`
	// Without counts profiles that have no values of this type.
	Without int `json:"without,omitempty"`
	// LeftOut counts profiles whose values say nothing beside the others: the only
	// one of a process that counts from its start, one without a duration in a rate.
	LeftOut int `json:"left_out,omitempty"`
	// Skipped counts profiles that could not be read, and Trimmed stacks that were
	// added up as "(other)".
	Skipped int `json:"skipped,omitempty"`
	Trimmed int `json:"trimmed,omitempty"`
	ends
	doubts
	// Signed says that some values are below zero: snapshots are differences of two.
	Signed bool `json:"signed,omitempty"`
	// Text is all of that in words.
	Text string `json:"text"`

	stated, beside string // what a comment says, in place of the numbers
}

// doubts count the profiles of which a sum may be wrong.
type doubts struct {
	Unnamed     int `json:"unnamed,omitempty"`     // without the label of an instance, taken as those of one
	Overlapping int `json:"overlapping,omitempty"` // that began before another one of their instance had ended
}

// ends are the first and the last profiles of processes that count from their start.
type ends struct {
	// Processes is how many there are; 0 for other values.
	Processes int `json:"processes,omitempty"`
	// First and Last are the times of the first and of the last profile of all of them.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

// add adds the chain of a process, from its first profile to its last.
func (e *ends) add(first, last time.Time) {
	if e.Processes == 0 || first.Before(e.First) {
		e.First = first
	}
	if e.Processes == 0 || last.After(e.Last) {
		e.Last = last
	}
	e.Processes++
}

// span is the ends in words, "" if there are none.
func (e *ends) span() string {
	if e.Processes == 0 {
		return ""
	}
	const day, clock = "2006-01-02 ", "15:04:05"
	first, last := e.First.UTC(), e.Last.UTC()
	until := last.Format(clock)
	if first.Format(day) != last.Format(day) {
		until = last.Format(day + clock)
	}
	return fmt.Sprintf(", from the first to the last profile of %s, %s to %s", many(e.Processes, "process"), first.Format(day+clock), until)
}

// Measure returns what the values of a column are.
func (f *Fold) Measure(column int) Measure {
	c := &f.columns[column]
	m := c.measure
	if m.Class == "" { // of profiles that no query found
		m = f.plainMeasure(c)
	}
	m.Skipped, m.Trimmed = f.skipped, f.trimmed
	m.Signed = m.Class == Snapshot && c.signed
	m.Text = m.text()
	return m
}

// plainMeasure is that of profiles that were added as they are.
func (f *Fold) plainMeasure(c *column) Measure {
	stated, beside, _ := strings.Cut(c.stated, "; ")
	m := Measure{
		Class: classOf(f.kind, c.Type), Over: Total, Profiles: c.profiles, Instances: 1,
		Seconds: f.Duration().Seconds(), Without: f.profiles - c.profiles, stated: stated, beside: beside,
	}
	switch {
	case m.Class == Snapshot && c.profiles == 1:
		m.Over, m.Seconds = Mean, 0
	case cumulative(f.kind, c.Type, f.Duration()):
		m.Over = SinceStart
	}
	return m
}

// Of is what the values are, such as "mean of 60 snapshots".
func (m *Measure) Of() string {
	of := many(m.Instances, "instance")
	shots := "snapshots"
	if m.Signed {
		shots = "differences"
	}
	switch {
	case m.stated != "":
		return m.stated
	case m.Class == Snapshot && m.Profiles == 1:
		return "one " + strings.TrimSuffix(shots, "s")
	case m.Class == Snapshot && m.Over == Total:
		return fmt.Sprintf("sum of %d %s", m.Profiles, shots)
	case m.Class == Snapshot && m.Instances == 1:
		return fmt.Sprintf("%s of %d %s", m.Over, m.Profiles, shots)
	case m.Class == Snapshot && m.PerInstance:
		return fmt.Sprintf("%s of one instance, from %d %s of %s", m.Over, m.Profiles, shots, of)
	case m.Class == Snapshot:
		return fmt.Sprintf("%s of each of %s, added up, from %d %s", m.Over, of, m.Profiles, shots)
	case m.Over == Rate && (m.PerInstance || m.Instances == 1):
		return "per second of one instance, from " + m.covered() + m.span()
	case m.Over == Rate:
		return fmt.Sprintf("per second of %s together, from %s", of, m.covered()) + m.span()
	}
	text := "total of " + many(m.Profiles, "profile")
	if m.Over == SinceStart {
		text = "since the start of " + many(m.Profiles, "process")
	} else if m.Seconds > 0 {
		text = "total over " + m.covered() + m.span()
	}
	if m.PerInstance && m.Instances > 1 {
		text += ", mean of one instance"
	}
	return text
}

// covered is the time that flows cover.
func (m *Measure) covered() string {
	text := lasting(m.Seconds)
	if m.Instances > 1 {
		text += " of " + many(m.Instances, "instance")
	}
	return text
}

// Missing says what does not count, and is "" if everything does.
func (m *Measure) Missing() string {
	var all []string
	if m.beside != "" {
		all = append(all, m.beside)
	}
	add := func(n int, what, verb string) {
		if n > 0 {
			all = append(all, many(n, what)+" "+verb)
		}
	}
	add(m.Without, "profile", "without such values")
	add(m.LeftOut, "profile", "left out: "+m.why())
	add(m.Skipped, "profile", "that cannot be read")
	add(m.Trimmed, "stack", `added up as "(other)"`)
	add(m.Unnamed, "profile", "without an instance label, taken as those of one")
	add(m.Overlapping, "profile", "recorded while another one of the same instance was")
	return strings.Join(all, "; ")
}

func (m *Measure) why() string {
	if m.Over == Rate && m.Class == Flow {
		return "no duration"
	}
	return "counted since the start of the process"
}

func (m *Measure) text() string {
	text := m.Of()
	if missing := m.Missing(); missing != "" {
		text += "; " + missing
	}
	return text
}

func many(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "s"):
		what += "e"
	}
	return strconv.Itoa(n) + " " + what + "s"
}

// lasting is a time of that many seconds.
func lasting(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	if d >= 10*time.Second {
		d = d.Round(time.Second)
	} else {
		d = d.Round(time.Millisecond)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
