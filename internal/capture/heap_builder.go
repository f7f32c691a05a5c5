package capture

import (
	"math"
	"runtime"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"
)

// siteValues are the values of a heap profile's sample, in the order of those of
// runtime/pprof.
type siteValues [4]int64

func (v *siteValues) add(r *runtime.MemProfileRecord, rate, sign int64) {
	for i, n := range scaled(r, rate) {
		v[i] += sign * n
	}
}

func scaled(r *runtime.MemProfileRecord, rate int64) (v siteValues) {
	v[0], v[1] = scale(r.AllocObjects, r.AllocBytes, rate)
	v[2], v[3] = scale(r.InUseObjects(), r.InUseBytes(), rate)
	return v
}

// scale returns what sampled allocations stand for, as runtime/pprof does: one of the
// mean size is sampled with the probability 1-exp(-size/rate).
func scale(count, size, rate int64) (objects, bytes int64) {
	if count == 0 || size == 0 || rate <= 1 {
		return count, size
	}
	by := 1 / (1 - math.Exp(-float64(size)/float64(count)/float64(rate)))
	return int64(float64(count) * by), int64(float64(size) * by)
}

// A heapBuilder encodes a heap profile. A location is one frame.
type heapBuilder struct {
	out       []byte
	texts     uint64
	functions map[string]int
	locations map[uintptr]int
}

func newHeapBuilder(rate int64) *heapBuilder {
	b := &heapBuilder{functions: map[string]int{}, locations: map[uintptr]int{}}
	b.text("")
	types := [len(siteValues{})][2]string{
		{"alloc_objects", "count"}, {"alloc_space", "bytes"}, {"inuse_objects", "count"}, {"inuse_space", "bytes"},
	}
	for _, t := range types {
		b.message(protowire.ProfileSampleType, protowire.ValueTypeType, b.text(t[0]), protowire.ValueTypeUnit, b.text(t[1]))
	}
	b.message(protowire.ProfilePeriodType, protowire.ValueTypeType, b.text("space"), protowire.ValueTypeUnit, b.text("bytes"))
	b.out = append(b.out, numbers(protowire.ProfilePeriod, uint64(rate), protowire.ProfileTime, uint64(time.Now().UnixNano()))...)
	return b
}

// numbers returns fields with their values.
func numbers(pairs ...uint64) (fields []byte) {
	for i := 0; i < len(pairs); i += 2 {
		fields = protowire.AppendNumber(fields, pairs[i], pairs[i+1])
	}
	return fields
}

func (b *heapBuilder) message(field uint64, pairs ...uint64) {
	b.out = protowire.AppendBytes(b.out, field, numbers(pairs...))
}

// text adds a string and returns its number.
func (b *heapBuilder) text(s string) uint64 {
	b.out = protowire.AppendBytes(b.out, protowire.ProfileString, []byte(s))
	b.texts++
	return b.texts - 1
}

// sample adds a sample. Like runtime/pprof it leaves out the runtime's frames at the
// leaf, unless there are no others.
func (b *heapBuilder) sample(v siteValues, stack []uintptr) {
	var pairs, ofRuntime []uint64
	for frames, more := runtime.CallersFrames(stack), len(stack) > 0; more; {
		var f runtime.Frame
		f, more = frames.Next()
		switch {
		case f.Function == "runtime.goexit":
		case len(pairs) == 0 && isRuntime(f.Function):
			ofRuntime = append(ofRuntime, protowire.SampleLocation, b.location(f))
		default:
			pairs = append(pairs, protowire.SampleLocation, b.location(f))
		}
	}
	if len(pairs) == 0 {
		pairs = ofRuntime
	}
	for _, n := range v {
		pairs = append(pairs, protowire.SampleValue, uint64(n))
	}
	b.message(protowire.ProfileSample, pairs...)
}

func isRuntime(function string) bool {
	return strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/runtime/")
}

// location returns the ID of a frame, which is one more than those before it.
func (b *heapBuilder) location(f runtime.Frame) uint64 {
	id := b.locations[f.PC]
	if id == 0 {
		id = len(b.locations) + 1
		b.locations[f.PC] = id
		line := numbers(protowire.LineFunction, b.function(f), protowire.LineNumber, uint64(f.Line))
		body := protowire.AppendBytes(numbers(protowire.LocationID, uint64(id)), protowire.LocationLine, line)
		b.out = protowire.AppendBytes(b.out, protowire.ProfileLocation, body)
	}
	return uint64(id)
}

func (b *heapBuilder) function(f runtime.Frame) uint64 {
	id := b.functions[f.Function]
	if id == 0 {
		id = len(b.functions) + 1
		b.functions[f.Function] = id
		name := b.text(f.Function)
		b.message(protowire.ProfileFunction, protowire.FunctionID, uint64(id),
			protowire.FunctionName, name, protowire.FunctionSystemName, name, protowire.FunctionFile, b.text(f.File))
	}
	return uint64(id)
}
