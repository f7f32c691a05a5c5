package merge

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector/safepprof"
	"github.com/go-holmes/holmes/collector/safepprof/wire"
)

// WriteTo writes the sum as a profile in pprof's format, gzipped. Stacks of which
// nothing is left are not in it.
func (f *Fold) WriteTo(w io.Writer) (int64, error) {
	counter := counter{to: w}
	zip, err := gzip.NewWriterLevel(&counter, gzip.BestSpeed)
	if err != nil {
		return 0, fmt.Errorf("holmes: merge: %w", err)
	}
	if err = f.encode(zip); err == nil {
		err = zip.Close()
	}
	return counter.n, err
}

// Profile returns the sum as google's tools know profiles. It takes several times
// the memory of the fold.
func (f *Fold) Profile() (*profile.Profile, error) {
	var b bytes.Buffer
	if err := f.encode(&b); err != nil {
		return nil, err
	}
	p, err := profile.ParseUncompressed(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	return p, nil
}

type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

// An encoder writes the fields of a profile. Its first error is what it ends with.
type encoder struct {
	w    io.Writer
	err  error
	out  []byte // what is still to be written
	part message
	sub  message
}

// A message is a protocol buffer that grows.
type message []byte

// number adds a field unless it is 0.
func (m *message) number(field int, v uint64) {
	if v == 0 {
		return
	}
	*m = binary.AppendUvarint(binary.AppendUvarint(*m, uint64(field)<<3|wire.Varint), v)
}

func (m *message) bytes(field int, b []byte) {
	*m = binary.AppendUvarint(binary.AppendUvarint(*m, uint64(field)<<3|wire.Bytes), uint64(len(b)))
	*m = append(*m, b...)
}

// end writes the part as a field of the profile.
func (e *encoder) end(field int) {
	out := message(e.out)
	out.bytes(field, e.part)
	e.out, e.part = out, e.part[:0]
	if len(e.out) > 64<<10 {
		e.flush()
	}
}

func (e *encoder) flush() {
	if e.err == nil {
		_, e.err = e.w.Write(e.out)
	}
	e.out = e.out[:0]
}

// encode writes the sum, not gzipped.
func (f *Fold) encode(w io.Writer) error {
	e := &encoder{w: w}
	f.encodeHeader(e)
	for i := range f.stacks.list {
		f.encodeSample(e, i)
	}
	for i := range f.mappings {
		f.encodeMapping(e, i)
	}
	for i := range f.locations {
		f.encodeLocation(e, i)
	}
	for i, fn := range f.functions {
		e.part.number(wire.FunctionID, uint64(i+1))
		e.part.number(wire.FunctionName, uint64(fn.name))
		e.part.number(wire.FunctionSystemName, uint64(fn.system))
		e.part.number(wire.FunctionFile, uint64(fn.file))
		e.part.number(wire.FunctionStartLine, uint64(fn.start))
		e.end(wire.ProfileFunction)
	}
	for _, text := range f.texts {
		e.part = append(e.part, text...)
		e.end(wire.ProfileString)
	}
	e.flush()
	if e.err != nil {
		return fmt.Errorf("holmes: merge: write: %w", e.err)
	}
	return nil
}

// encodeHeader writes what is said about all of it, and sees to it that the texts
// for that are there.
func (f *Fold) encodeHeader(e *encoder) {
	text := func(s string) uint64 { return uint64(f.textOf([]byte(s))) }
	valueType := func(field int, v safepprof.ValueType) {
		e.part.number(wire.ValueTypeType, text(v.Type))
		e.part.number(wire.ValueTypeUnit, text(v.Unit))
		e.end(field)
	}
	for _, c := range f.columns {
		valueType(wire.ProfileSampleType, c)
	}
	h, out := &f.header, message(e.out)
	if h.periodType != (safepprof.ValueType{}) {
		e.out = out
		valueType(wire.ProfilePeriodType, h.periodType)
		out = e.out
	}
	out.number(wire.ProfilePeriod, uint64(h.period))
	out.number(wire.ProfileTime, uint64(h.time))
	out.number(wire.ProfileDuration, uint64(h.duration))
	out.number(wire.ProfileDefaultSampleType, text(h.defaultType))
	out.number(wire.ProfileDropFrames, text(h.drop))
	out.number(wire.ProfileKeepFrames, text(h.keep))
	out.number(wire.ProfileDocURL, text(h.doc))
	for _, c := range h.comments {
		out.number(wire.ProfileComment, text(c))
	}
	e.out = out
}

// encodeSample writes a stack, unless nothing is left of it.
func (f *Fold) encodeSample(e *encoder, i int) {
	if f.stacks.isZero(i) {
		return
	}
	st := &f.stacks.list[i]
	for at := st.from; at < st.to; at++ {
		e.sub = binary.AppendUvarint(e.sub, uint64(f.stacks.location(at))+1)
	}
	e.join(wire.SampleLocation)
	for _, v := range f.stacks.row(i) {
		e.sub = binary.AppendUvarint(e.sub, uint64(v))
	}
	e.join(wire.SampleValue)
	for _, l := range f.tags[st.tags] {
		e.sub.number(wire.LabelKey, uint64(l.key))
		e.sub.number(wire.LabelString, uint64(l.text))
		e.sub.number(wire.LabelNumber, uint64(l.number))
		e.sub.number(wire.LabelUnit, uint64(l.unit))
		e.join(wire.SampleLabel)
	}
	e.end(wire.ProfileSample)
}

// join makes the inner message a field of the part.
func (e *encoder) join(field int) {
	e.part.bytes(field, e.sub)
	e.sub = e.sub[:0]
}

func (f *Fold) encodeMapping(e *encoder, i int) {
	m := &f.mappings[i]
	e.part.number(wire.MappingID, uint64(i+1))
	e.part.number(wire.MappingStart, m.start)
	e.part.number(wire.MappingLimit, m.limit)
	e.part.number(wire.MappingOffset, m.offset)
	e.part.number(wire.MappingFile, uint64(m.file))
	e.part.number(wire.MappingBuildID, uint64(m.build))
	for n, has := range m.has {
		if has {
			e.part.number(wire.MappingHasFunctions+n, 1)
		}
	}
	e.end(wire.ProfileMapping)
}

func (f *Fold) encodeLocation(e *encoder, i int) {
	l := &f.locations[i]
	e.part.number(wire.LocationID, uint64(i+1))
	e.part.number(wire.LocationMapping, uint64(l.mapping))
	e.part.number(wire.LocationAddress, l.address)
	for _, ln := range f.lines[l.from:l.to] {
		e.sub.number(wire.LineFunction, uint64(ln.function))
		e.sub.number(wire.LineNumber, uint64(ln.line))
		e.sub.number(wire.LineColumn, uint64(ln.column))
		e.join(wire.LocationLine)
	}
	if l.folded {
		e.part.number(wire.LocationIsFolded, 1)
	}
	e.end(wire.ProfileLocation)
}
