package pprofread

import (
	"iter"

	"github.com/google/pprof/profile"
)

// A Frame is one call of a stack.
type Frame struct {
	Function string // qualified name, "" when the profile has no symbols
	File     string // path as compiled
	Line     int64
}

// Frames walks the stack of s from the leaf to the root, inlined calls as
// frames of their own.
func Frames(s *profile.Sample) iter.Seq[Frame] {
	return func(yield func(Frame) bool) {
		if s == nil {
			return
		}
		for _, loc := range s.Location {
			if loc == nil {
				continue
			}
			for _, line := range loc.Line {
				f := Frame{Line: line.Line}
				if line.Function != nil {
					f.Function, f.File = line.Function.Name, line.Function.Filename
				}
				if !yield(f) {
					return
				}
			}
		}
	}
}
