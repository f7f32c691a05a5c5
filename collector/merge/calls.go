package merge

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// A Frame is one call of a stack.
type Frame struct {
	// Function is its full name, or that of the system, or its address if it has
	// none.
	Function string
	// File is the path of its source file as the compiler knew it, and may be
	// empty.
	File string
}

// Stacks returns the stacks of which a column is not 0, the outermost call first,
// with that value as it is stored: [Fold.Scale] makes of a sum of them what
// [Measure] says. Calls that were inlined are calls. Frames are good until the
// next stack is asked for; no column of another number is meant.
func (f *Fold) Stacks(column int) iter.Seq2[[]Frame, int64] {
	return func(yield func([]Frame, int64) bool) {
		names := make([][]Frame, len(f.locations)) // the outermost call first
		var frames []Frame
		for i := range f.stacks.list {
			value := f.stacks.row(i)[column]
			if value == 0 {
				continue
			}
			frames = frames[:0]
			st := &f.stacks.list[i]
			for at := st.to; at > st.from; at-- {
				n := f.stacks.location(at - 1)
				if names[n] == nil {
					names[n] = f.calls(n)
				}
				frames = append(frames, names[n]...)
			}
			if !yield(frames, value) {
				return
			}
		}
	}
}

// Scale is what the stored values of a column are multiplied by.
func (f *Fold) Scale(column int) float64 { return f.columns[column].scale }

// calls are the calls at a location.
func (f *Fold) calls(n uint32) (frames []Frame) {
	loc := &f.locations[n]
	for _, l := range slices.Backward(f.lines[loc.from:loc.to]) {
		if l.function == 0 {
			frames = append(frames, Frame{Function: fmt.Sprintf("0x%x", loc.address)})
			continue
		}
		fn := &f.functions[l.function-1]
		frames = append(frames, Frame{Function: f.texts[cmp.Or(fn.name, fn.system)], File: f.texts[fn.file]})
	}
	if frames != nil {
		return frames
	}
	name := fmt.Sprintf("0x%x", loc.address)
	if loc.mapping > 0 && f.mappings[loc.mapping-1].file > 0 {
		name += " in " + f.texts[f.mappings[loc.mapping-1].file]
	}
	return []Frame{{Function: name}}
}
