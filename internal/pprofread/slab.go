package pprofread

// Spans cut many small slices from a large one: the i-th goes from where the
// one before it ends to spans[i+1]. That is four bytes each where a slice
// header takes 24, and nothing in it for the garbage collector to follow. A
// profile that consists of empty samples, two bytes each, thus decodes to
// little more than itself.
//
// Offsets fit, since maxInflated does.
type spans []uint32

// makeSpans returns no spans, with room for n.
func makeSpans(n int) spans { return append(make(spans, 0, n+1), 0) }

// until returns s with one span more, which ends here.
func (s spans) until(end int) spans { return append(s, uint32(end)) }

// len returns how many spans there are. Those of the zero value are none.
func (s spans) len() int { return max(len(s)-1, 0) }

// cut returns the i-th slice of a slab. Appending to it never writes there.
func cut[T any](slab []T, s spans, i int) []T { return slab[s[i]:s[i+1]:s[i+1]] }
