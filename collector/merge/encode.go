package merge

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/internal/protowire"
	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// WriteTo writes the sum as a profile in pprof's format, gzipped, without the
// stacks whose values are all 0.
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

// noteOf begins a comment of a profile that says what the values of a type are, and
// noteBefore the text of one about a base.
func noteOf(typ string) string { return noteMark + typ + ": " }

const (
	noteMark   = "holmes: "
	noteBefore = ": before: "
)

// addNotes makes the comments say what the values of each type are, now that all is
// known. go tool pprof -comments prints them.
func (f *Fold) addNotes() {
	if !f.noted {
		return
	}
	var notes []string
	for i := range f.columns {
		m := f.Measure(i)
		notes = append(notes, noteOf(f.columns[i].Type)+m.Text)
	}
	h := &f.header
	h.comments = slices.DeleteFunc(slices.Clone(h.comments), func(c string) bool {
		return strings.HasPrefix(c, noteMark) && !strings.Contains(c, noteBefore)
	})
	h.comments = slices.Concat(h.comments[:min(len(h.comments), max(maxComments-len(notes), 0))], notes)
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
func (m *message) number(field, v uint64) {
	if v == 0 {
		return
	}
	*m = protowire.AppendNumber(*m, field, v)
}

func (m *message) bytes(field uint64, b []byte) {
	*m = protowire.AppendBytes(*m, field, b)
}

// end writes the part as a field of the profile.
func (e *encoder) end(field uint64) {
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
		e.part.number(protowire.FunctionID, uint64(i+1))
		e.part.number(protowire.FunctionName, uint64(fn.name))
		e.part.number(protowire.FunctionSystemName, uint64(fn.system))
		e.part.number(protowire.FunctionFile, uint64(fn.file))
		e.part.number(protowire.FunctionStartLine, uint64(fn.start))
		e.end(protowire.ProfileFunction)
	}
	for _, text := range f.texts {
		e.part = append(e.part, text...)
		e.end(protowire.ProfileString)
	}
	e.flush()
	if e.err != nil {
		return fmt.Errorf("holmes: merge: write: %w", e.err)
	}
	return nil
}

// encodeHeader writes the header, and adds its texts to the table.
func (f *Fold) encodeHeader(e *encoder) {
	f.addNotes()
	text := func(s string) uint64 { return uint64(f.textOf([]byte(s))) }
	valueType := func(field uint64, v safepprof.ValueType) {
		e.part.number(protowire.ValueTypeType, text(v.Type))
		e.part.number(protowire.ValueTypeUnit, text(v.Unit))
		e.end(field)
	}
	for _, c := range f.columns {
		valueType(protowire.ProfileSampleType, c.ValueType)
	}
	h, out := &f.header, message(e.out)
	if h.periodType != (safepprof.ValueType{}) {
		e.out = out
		valueType(protowire.ProfilePeriodType, h.periodType)
		out = e.out
	}
	out.number(protowire.ProfilePeriod, uint64(h.period))
	out.number(protowire.ProfileTime, uint64(h.time))
	out.number(protowire.ProfileDuration, uint64(h.duration))
	out.number(protowire.ProfileDefaultSampleType, text(h.defaultType))
	out.number(protowire.ProfileDropFrames, text(h.drop))
	out.number(protowire.ProfileKeepFrames, text(h.keep))
	out.number(protowire.ProfileDocURL, text(h.doc))
	for _, c := range h.comments {
		out.number(protowire.ProfileComment, text(c))
	}
	e.out = out
}

// encodeSample writes a stack, unless all of its values are 0.
func (f *Fold) encodeSample(e *encoder, i int) {
	if f.stacks.isZero(i) {
		return
	}
	st := &f.stacks.list[i]
	for at := st.from; at < st.to; at++ {
		e.sub = binary.AppendUvarint(e.sub, uint64(f.stacks.location(at))+1)
	}
	e.join(protowire.SampleLocation)
	for c, v := range f.stacks.row(i) {
		e.sub = binary.AppendUvarint(e.sub, uint64(f.columns[c].whole(v)))
	}
	e.join(protowire.SampleValue)
	for _, l := range f.tags[st.tags] {
		e.sub.number(protowire.LabelKey, uint64(l.key))
		e.sub.number(protowire.LabelString, uint64(l.text))
		e.sub.number(protowire.LabelNumber, uint64(l.number))
		e.sub.number(protowire.LabelUnit, uint64(l.unit))
		e.join(protowire.SampleLabel)
	}
	e.end(protowire.ProfileSample)
}

// join makes the inner message a field of the part.
func (e *encoder) join(field uint64) {
	e.part.bytes(field, e.sub)
	e.sub = e.sub[:0]
}

func (f *Fold) encodeMapping(e *encoder, i int) {
	m := &f.mappings[i]
	e.part.number(protowire.MappingID, uint64(i+1))
	e.part.number(protowire.MappingStart, m.start)
	e.part.number(protowire.MappingLimit, m.limit)
	e.part.number(protowire.MappingOffset, m.offset)
	e.part.number(protowire.MappingFile, uint64(m.file))
	e.part.number(protowire.MappingBuildID, uint64(m.build))
	for n, has := range m.has {
		if has {
			e.part.number(protowire.MappingHasFunctions+uint64(n), 1)
		}
	}
	e.end(protowire.ProfileMapping)
}

func (f *Fold) encodeLocation(e *encoder, i int) {
	l := &f.locations[i]
	e.part.number(protowire.LocationID, uint64(i+1))
	e.part.number(protowire.LocationMapping, uint64(l.mapping))
	e.part.number(protowire.LocationAddress, l.address)
	for _, ln := range f.lines[l.from:l.to] {
		e.sub.number(protowire.LineFunction, uint64(ln.function))
		e.sub.number(protowire.LineNumber, uint64(ln.line))
		e.sub.number(protowire.LineColumn, uint64(ln.column))
		e.join(protowire.LocationLine)
	}
	if l.folded {
		e.part.number(protowire.LocationIsFolded, 1)
	}
	e.end(protowire.ProfileLocation)
}
