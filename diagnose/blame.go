package diagnose

import "github.com/go-holmes/holmes/internal/pprofread"

// blame finds the frame that the stack of s is blamed on: the leaf-most one
// outside the standard library, else where its goroutine started. An origin of
// originNone is nobody's, one of originHolmes is to be left out.
func (o Options) blame(s pprofread.Sample) (pprofread.Frame, origin) {
	var entry pprofread.Frame
	whose := originNone
	for f := range s.Frames() {
		switch from := o.origin(f.Function); from {
		case originNone:
		case originStd:
			entry, whose = f, originStd
		default:
			return f, from
		}
	}
	return entry, whose
}
