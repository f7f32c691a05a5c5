package pprofread

import "iter"

// A Profile is a decoded profile, as [Parse] returns it. It is not changed by
// reading it, so several goroutines may. The zero value is an empty one.
type Profile struct {
	// SampleTypes says what the values of a sample are, in their order.
	SampleTypes []ValueType
	// DefaultSampleType is the Type that the profile itself finds the most
	// telling, and empty if it does not say.
	DefaultSampleType string
	// PeriodType and Period are what one sample was taken after: 10 million
	// nanoseconds of CPU, 512 KiB of allocations.
	PeriodType ValueType
	Period     int64
	// TimeNanos is when the profile was begun, in nanoseconds since 1970, and
	// DurationNanos how long it took. Both are 0 if the profile does not say.
	TimeNanos     int64
	DurationNanos int64

	text      string // all strings, one after the other
	strings   spans  // of text
	functions []function
	lines     []line
	locations spans    // of lines
	frames    []uint32 // locations, those of all samples
	values    []int64
	stacks    spans // of frames, one for each sample
	weights   spans // of values, one for each sample
}

// A ValueType is what is measured and in what unit: "cpu" in "nanoseconds".
type ValueType struct {
	Type, Unit string
}

// A function is a row of its table. Names are numbers of strings, not strings:
// a string takes 16 bytes, where a function in the profile takes as few as two.
type function struct {
	name, file uint32
}

// A line is a call of a function that was at this line.
type line struct {
	number   int64
	function uint32 // its place in the table
}

// A Sample is one record of a profile: a stack and what it weighs. The zero
// value is one that says nothing.
type Sample struct {
	profile *Profile
	place   int
}

// Samples walks the samples in the order of the profile.
func (p *Profile) Samples() iter.Seq[Sample] {
	return func(yield func(Sample) bool) {
		if p == nil {
			return
		}
		for i := range p.stacks.len() {
			if !yield(Sample{p, i}) {
				return
			}
		}
	}
}

// Len returns how many samples there are.
func (p *Profile) Len() int {
	if p == nil {
		return 0
	}
	return p.stacks.len()
}

// Sample returns one of them, from 0 on.
func (p *Profile) Sample(i int) Sample { return Sample{p, i} }

// Values returns the sample's values, one for each of SampleTypes if the profile
// is well-formed. They are not to be changed.
func (s Sample) Values() []int64 {
	if s.profile == nil {
		return nil
	}
	return cut(s.profile.values, s.profile.weights, s.place)
}

// Stack returns the stack of locations from the leaf to the root, each a number
// that is the same wherever the location is the same, and means nothing outside
// of this profile. They are not to be changed. [Sample.Frames] tells what is
// there.
func (s Sample) Stack() []uint32 {
	if s.profile == nil {
		return nil
	}
	return cut(s.profile.frames, s.profile.stacks, s.place)
}

// Depth returns how many frames the stack has, inlined calls included.
func (s Sample) Depth() (frames int) {
	for _, location := range s.Stack() {
		frames += len(cut(s.profile.lines, s.profile.locations, int(location)))
	}
	return frames
}

// A Frame is one call of a stack.
type Frame struct {
	Function string // qualified name, "" when the profile has no symbols
	File     string // path as compiled
	Line     int64
}

// Frames walks the stack from the leaf to the root, inlined calls as frames of
// their own.
func (s Sample) Frames() iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		for _, location := range s.Stack() {
			for _, l := range cut(s.profile.lines, s.profile.locations, int(location)) {
				name, file := s.profile.Function(l.function)
				if !yield(Frame{Function: name, File: file, Line: l.number}) {
					return
				}
			}
		}
	}
}

// A Call is a [Frame] whose function is identified by its number: the same
// wherever the function is the same in this profile, and less than
// [Profile.Functions].
type Call struct {
	Function uint32
	Line     int64
}

// maxCalls is how much of a stack [Sample.Calls] returns. The runtime records
// at most 1024 frames.
const maxCalls = 4096

// Calls is [Sample.Frames] for callers that look at each function once and not at
// each frame: it appends them to a buffer, which can be used again. Of a stack that
// is deeper than the runtime writes it returns the frames next to the leaf.
func (s Sample) Calls(buf []Call) []Call {
	for _, location := range s.Stack() {
		for _, l := range cut(s.profile.lines, s.profile.locations, int(location)) {
			if len(buf) == maxCalls {
				return buf
			}
			buf = append(buf, Call{Function: l.function, Line: l.number})
		}
	}
	return buf
}

// Functions returns how many functions the profile has. The first of a profile
// that was parsed is the one without a name.
func (p *Profile) Functions() int {
	if p == nil {
		return 0
	}
	return len(p.functions)
}

// Function returns the qualified name of a function, "" when the profile has no
// symbols, and the path of its file as compiled.
func (p *Profile) Function(i uint32) (name, file string) {
	f := p.functions[i]
	return p.str(f.name), p.str(f.file)
}

func (p *Profile) str(i uint32) string { return p.text[p.strings[i]:p.strings[i+1]] }
