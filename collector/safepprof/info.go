package safepprof

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-holmes/holmes/collector"
)

// A ValueType is what is measured, and in which unit: "cpu" in "nanoseconds".
type ValueType struct {
	Type, Unit string
}

func (v ValueType) String() string { return v.Type + "/" + v.Unit }

// Info is what a profile tells about itself without being decoded.
type Info struct {
	// Kind is a guess from the sample types. Contentions are called those of
	// mutexes, since nothing tells them from a block profile; what nothing is
	// known about is [collector.KindOther].
	Kind collector.Kind
	// SampleTypes says what the values of a sample are, in their order. An
	// execution trace has none.
	SampleTypes []ValueType
	// Totals are the sums of the values, one for each of SampleTypes. A sum beyond
	// 64 bits is wrong, as the values of such a profile are.
	Totals []int64
	// DefaultSampleType is the Type that the profile finds the most telling, and
	// "" if it does not say.
	DefaultSampleType string
	// Time is when it was begun, in UTC, and zero if it does not say.
	Time time.Time
	// Duration is how long it took, at least 0; 0 if it does not say.
	Duration time.Duration
	// Samples is how many it has.
	Samples int
	// Body, Inflated and Decoded are what [Limits] limit, in bytes.
	Body, Inflated, Decoded int64
}

// Agrees returns an error if the profile is known to be of another kind. As
// [collector.KindOther] everything but a trace may pass, and a profile whose
// values are not known may pass as anything but a trace.
func (i *Info) Agrees(kind collector.Kind) error {
	content := i.Kind
	switch {
	case content == kind, kind.Pprof() && content == collector.KindOther, content.Pprof() && kind == collector.KindOther:
		return nil
	case slices.ContainsFunc(i.SampleTypes, func(t ValueType) bool {
		return collector.KindOfType(t.Type) != "" && kind.Of(t.Type) == kind
	}):
		return nil // one of several kinds, or contentions that are those of a block profile
	case !content.Pprof():
		return collector.Errorf(collector.Invalid, "the type is %s, but the content is an execution trace", kind)
	case !kind.Pprof():
		return collector.Errorf(collector.Invalid, "the type is trace, but the content is a %s profile", content)
	}
	types := make([]string, len(i.SampleTypes))
	for n, t := range i.SampleTypes {
		types[n] = t.Type
	}
	return collector.Errorf(collector.Invalid, "the type is %s, but the content is a %s profile (%s)",
		kind, content, strings.Join(types, ", "))
}

// KindOf guesses the kind of a profile with these values, as [Info].Kind has it.
func KindOf(types []ValueType) collector.Kind {
	for _, kind := range collector.Kinds() { // the first one of several
		if slices.ContainsFunc(types, func(t ValueType) bool { return collector.KindOfType(t.Type) == kind }) {
			return kind
		}
	}
	return collector.KindOther
}

func (i *Info) String() string {
	return fmt.Sprintf("%s profile of %d samples", i.Kind, i.Samples)
}

// Sums are the totals as a store keeps them. Names that are not printable are cleaned.
func (i *Info) Sums() (sums []collector.Total) {
	clean := func(name string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(name, ""))
	}
	for n, t := range i.SampleTypes {
		sums = append(sums, collector.Total{Type: clean(t.Type), Unit: clean(t.Unit), Value: i.Totals[n]})
	}
	return sums
}
