package flight

import (
	"encoding/binary"
	"slices"
	"time"
)

// A trace is a header and parts, which the runtime calls generations. Each part
// can be read without those before it, so a trace can be cut between them. The
// recorder itself drops whole parts.

// headerSize is that of "go 1.26 trace" and its zeros.
const headerSize = 16

// A part is the number of a part and its size.
type part struct {
	number uint64
	bytes  int64
}

// A splitter is a writer that splits a trace into parts. A trace of an unknown form is
// malformed, and is treated as one part.
type splitter struct {
	// take gets the pieces of the trace in order, without the header, and the
	// part that each belongs to.
	take func(part uint64, p []byte) error

	begun     bool
	header    []byte
	malformed bool
	current   uint64
	ended     bool // the current part is complete
}

// Write is called by the recorder with the header, then with a batch each time.
func (s *splitter) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		if len(p) == headerSize {
			s.header = append(s.header, p...)
			return len(p), nil
		}
		s.malformed = true
	}
	if !s.malformed {
		s.parse(p)
	}
	if err := s.take(s.current, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// eventBatch is the first byte of a batch of events, and the only byte of a batch
// that ends a part; from internal/trace/tracev2. Other batches, of experiments, belong to
// the part around them.
const eventBatch = 1

// parse finds the part that a batch belongs to.
func (s *splitter) parse(p []byte) {
	if len(p) == 1 {
		s.ended = true
		return
	}
	if len(p) == 0 || p[0] != eventBatch {
		return
	}
	// Number, thread, time, length of the rest.
	var field [4]uint64
	rest := p[1:]
	for i := range field {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			s.malformed = true
			return
		}
		field[i], rest = v, rest[n:]
	}
	number := field[0]
	first := s.current == 0
	s.malformed = field[3] != uint64(len(rest)) || number < s.current ||
		!first && (number == s.current) == s.ended
	s.current, s.ended = number, false
}

// An outline has the parts of a trace without their content.
type outline struct {
	at        time.Time
	parts     []part // in order
	malformed bool
}

// add counts a piece.
func (v *outline) add(number uint64, p []byte) {
	if n := len(v.parts); n == 0 || v.parts[n-1].number != number {
		v.parts = append(v.parts, part{number: number})
	}
	v.parts[len(v.parts)-1].bytes += int64(len(p))
}

// after returns the bytes of all parts after one.
func (v *outline) after(number uint64) (sum int64) {
	for _, p := range v.parts {
		if p.number > number || v.malformed {
			sum += p.bytes
		}
	}
	return sum
}

// first and last return the numbers of the parts at the ends, 0 if there is none.
func (v *outline) first() uint64 {
	if len(v.parts) == 0 {
		return 0
	}
	return v.parts[0].number
}

func (v *outline) last() uint64 {
	if len(v.parts) == 0 {
		return 0
	}
	return v.parts[len(v.parts)-1].number
}

// indivisible returns the size of the last part, or of a malformed trace.
func (v *outline) indivisible() int64 {
	if v.malformed || len(v.parts) == 0 {
		return v.after(0)
	}
	return v.parts[len(v.parts)-1].bytes
}

// latest returns the first of the latest parts that fit into so many bytes
// together with a header, and false if not even the last one does. A
// malformed trace cannot be cut.
func (v *outline) latest(limit int64) (from uint64, fits bool) {
	left := limit - headerSize
	if v.malformed {
		return v.first(), v.after(0) <= left
	}
	for _, p := range slices.Backward(v.parts) {
		if left -= p.bytes; left < 0 {
			break
		}
		from, fits = p.number, true
	}
	return from, fits
}
