package flame

import (
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/google/pprof/profile"
)

// Stacks returns the stacks of a profile with the values of that index. Calls
// that were inlined are calls.
func Stacks(p *profile.Profile, index int) iter.Seq[Stack] {
	return func(yield func(Stack) bool) { _ = each(p, index, yield, value) }
}

// Difference returns the stacks of two profiles, those of base as Base and
// multiplied by scale, which makes up for another length or number.
func Difference(p, base *profile.Profile, index, baseIndex int, scale float64) iter.Seq[Stack] {
	return func(yield func(Stack) bool) {
		if each(p, index, yield, value) {
			each(base, baseIndex, yield, func(v int64) Stack { return Stack{Base: scaled(v, scale)} })
		}
	}
}

func value(v int64) Stack { return Stack{Value: v} }

// scaled is v times scale, bounded by what there is.
func scaled(v int64, scale float64) int64 {
	if scale == 1 {
		return v
	}
	f := math.Round(float64(v) * scale)
	if math.IsNaN(f) {
		return 0
	}
	return int64(min(max(f, -math.MaxInt64/2), math.MaxInt64/2))
}

// each yields all samples, and returns false if it was stopped.
func each(p *profile.Profile, index int, yield func(Stack) bool, of func(int64) Stack) bool {
	var frames []Frame
	for _, s := range p.Sample {
		if index >= len(s.Value) || s.Value[index] == 0 {
			continue
		}
		frames = frames[:0]
		for _, l := range slices.Backward(s.Location) {
			frames = appendCalls(frames, l)
		}
		stack := of(s.Value[index])
		stack.Frames = frames
		if !yield(stack) {
			return false
		}
	}
	return true
}

// appendCalls appends the calls at a location, the outermost first.
func appendCalls(frames []Frame, l *profile.Location) []Frame {
	if len(l.Line) == 0 {
		name := fmt.Sprintf("0x%x", l.Address)
		if l.Mapping != nil && l.Mapping.File != "" {
			name += " in " + l.Mapping.File
		}
		return append(frames, Frame{Function: name})
	}
	for _, line := range slices.Backward(l.Line) {
		if line.Function == nil {
			frames = append(frames, Frame{Function: fmt.Sprintf("0x%x", l.Address)})
			continue
		}
		frames = append(frames, Frame{Function: line.Function.Name, File: line.Function.Filename})
	}
	return frames
}

// Index returns the index of the values of that name ("inuse_space"), or of
// those that a profile is opened with if name is empty. They are those that
// its default says, or else the last, as in go tool pprof.
func Index(p *profile.Profile, name string) (int, error) {
	if len(p.SampleType) == 0 {
		return 0, fmt.Errorf("holmes: flame: the profile has no values")
	}
	if name == "" {
		name = p.DefaultSampleType
		if i := slices.IndexFunc(p.SampleType, typed(name)); i >= 0 {
			return i, nil
		}
		return len(p.SampleType) - 1, nil
	}
	if i := slices.IndexFunc(p.SampleType, typed(name)); i >= 0 {
		return i, nil
	}
	var names []string
	for _, t := range p.SampleType {
		names = append(names, t.Type)
	}
	return 0, fmt.Errorf("holmes: flame: sample %.40q is none of %.40q", name, names)
}

func typed(name string) func(*profile.ValueType) bool {
	return func(t *profile.ValueType) bool { return t.Type == name }
}
