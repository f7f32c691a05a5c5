package diagnose_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/diagnose"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const tick = int64(10 * time.Millisecond) // of the runtime's CPU profile

// builder makes profiles of stacks written "leaf < caller < root". A frame is
// a function, with ":line" after it where the line matters. The zero builder is
// no profile.
type builder struct{ *profile.Profile }

func build(types ...string) builder {
	p := new(profile.Profile)
	for _, t := range types {
		name, unit, _ := strings.Cut(t, "/")
		p.SampleType = append(p.SampleType, &profile.ValueType{Type: name, Unit: unit})
	}
	return builder{p}
}

func cpu(d time.Duration) builder {
	b := build("samples/count", "cpu/nanoseconds")
	b.DurationNanos, b.Period = int64(d), tick
	return b
}

func heap() builder {
	b := build("alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes")
	b.Period = 512 << 10
	return b
}

func goroutines() builder { return build("goroutine/count") }

func (b builder) add(stack string, values ...int64) builder {
	s := &profile.Sample{Value: values}
	for frame := range strings.SplitSeq(stack, " < ") {
		name, line, _ := strings.Cut(frame, ":")
		var n int64
		for _, c := range line {
			n = n*10 + int64(c-'0')
		}
		fn := &profile.Function{Name: name, Filename: "/src/" + strings.ReplaceAll(name, "/", "_") + ".go"}
		loc := &profile.Location{Line: []profile.Line{{Function: fn, Line: n}}}
		b.Function, b.Location, s.Location = append(b.Function, fn), append(b.Location, loc), append(s.Location, loc)
	}
	b.Sample = append(b.Sample, s)
	return b
}

// encoded is the profile written by google/pprof, not compressed.
func (b builder) encoded() []byte {
	for i, loc := range b.Location {
		loc.ID = uint64(i + 1)
	}
	for i, fn := range b.Function {
		fn.ID = uint64(i + 1)
	}
	var out bytes.Buffer
	if err := b.WriteUncompressed(&out); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// parsed is the decoded profile.
func (b builder) parsed() *diagnose.Profile {
	if b.Profile == nil {
		return nil
	}
	p, err := diagnose.Parse(b.encoded())
	if err != nil {
		panic(err)
	}
	return p
}

// ticks adds a CPU stack that was seen n times.
func (b builder) ticks(stack string, n int64) builder { return b.add(stack, n, n*tick) }

// objects adds a heap stack of n live objects of a size.
func (b builder) objects(stack string, n, size int64) builder {
	return b.add(stack, n, n*size, n, n*size)
}
