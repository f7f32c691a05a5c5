package merge

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/go-holmes/holmes/internal/protowire"
)

// A function, whose texts are numbers.
type function struct {
	name, system, file uint32
	start              int64
}

// A mapping is a file that code was loaded from.
type mapping struct {
	start, limit, offset uint64
	file, build          uint32
	has                  [4]bool // functions, file names, line numbers, inlined calls
}

// A mappingKey tells mappings that are the same wherever they were loaded to.
// This is how github.com/google/pprof tells them, too.
type mappingKey struct {
	size, offset uint64
	name         uint32 // build, or else the file
}

// A location is a place in the code: lines, the first of which was inlined into
// the second and so on.
type location struct {
	address  uint64 // 0 if there are lines
	mapping  uint32 // number + 1, 0 for none
	folded   bool
	from, to uint32 // lines
}

type line struct {
	function uint32 // number + 1, 0 for none
	line     int64
	column   int64
}

// A label of a stack.
type label struct {
	key, text, unit uint32
	number          int64
}

// About what an entry takes, with its part of the maps.
const (
	costText     = 80
	costFunction = 100
	costMapping  = 150
	costLocation = 140
	costLine     = 30
	costTags     = 140
	costLabel    = 40
)

// textOf returns the number of a text.
func (f *Fold) textOf(text []byte) uint32 {
	if n, ok := f.byText[string(text)]; ok {
		return n
	}
	n := uint32(len(f.texts))
	s := string(text)
	f.texts = append(f.texts, s)
	f.byText[s] = n
	f.bytes += costText + int64(len(s))
	return n
}

// text returns the fold's number of a source's text.
func (f *Fold) text(s *source, number uint64) uint32 {
	if number >= uint64(len(s.strings)) {
		return 0
	}
	if n := s.textOf[number]; n > 0 {
		return n - 1
	}
	n := f.textOf(s.text(number))
	s.textOf[number] = n + 1
	return n
}

// function returns the fold's number of a source's function, + 1, and 0 for 0.
func (f *Fold) function(s *source, id uint64) uint32 {
	place, known := s.functionAt.get(id)
	if !known {
		return 0
	}
	if n := s.functionOf[place]; n > 0 {
		return n
	}
	var fn function
	c := protowire.Walk(s.at(s.functions[place]))
	for c.Next() {
		switch c.Field {
		case protowire.FunctionName:
			fn.name = f.text(s, c.Number())
		case protowire.FunctionSystemName:
			fn.system = f.text(s, c.Number())
		case protowire.FunctionFile:
			fn.file = f.text(s, c.Number())
		case protowire.FunctionStartLine:
			fn.start = int64(c.Number())
		}
	}
	n := f.functionOf(fn) + 1
	s.functionOf[place] = n
	return n
}

func (f *Fold) functionOf(fn function) uint32 {
	n, ok := f.byFunc[fn]
	if !ok {
		n = uint32(len(f.functions))
		f.functions = append(f.functions, fn)
		f.byFunc[fn] = n
		f.bytes += costFunction
	}
	return n
}

// mapping returns the fold's number of a source's mapping, + 1, and 0 for 0, and
// where it was loaded to.
func (f *Fold) mapping(s *source, id uint64) (number uint32, start uint64) {
	place, known := s.mappingAt.get(id)
	if !known {
		return 0, 0
	}
	m := f.readMapping(s, s.at(s.mappings[place]))
	if s.mappingOf[place] == 0 {
		s.mappingOf[place] = f.mappingOf(m) + 1
	}
	return s.mappingOf[place], m.start
}

func (f *Fold) readMapping(s *source, message []byte) (m mapping) {
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.MappingStart:
			m.start = c.Number()
		case protowire.MappingLimit:
			m.limit = c.Number()
		case protowire.MappingOffset:
			m.offset = c.Number()
		case protowire.MappingFile:
			m.file = f.text(s, c.Number())
		case protowire.MappingBuildID:
			m.build = f.text(s, c.Number())
		case protowire.MappingHasFunctions, protowire.MappingHasFilenames, protowire.MappingHasLineNumbers, protowire.MappingHasInlineFrames:
			m.has[c.Field-protowire.MappingHasFunctions] = c.Number() != 0
		}
	}
	return m
}

func (f *Fold) mappingOf(m mapping) uint32 {
	const page = 4096
	key := mappingKey{size: (m.limit - m.start + page - 1) / page, offset: m.offset, name: cmp.Or(m.build, m.file)}
	n, ok := f.byMapping[key]
	if !ok {
		n = uint32(len(f.mappings))
		f.mappings = append(f.mappings, m)
		f.byMapping[key] = n
		f.bytes += costMapping
		return n
	}
	for i, has := range m.has {
		f.mappings[n].has[i] = f.mappings[n].has[i] && has
	}
	return n
}

// location returns the fold's number of a source's location.
func (f *Fold) location(s *source, id uint64) uint32 {
	place, _ := s.locationAt.get(id)
	if n := s.locationOf[place]; n > 0 {
		return n - 1
	}
	loc, lines := f.readLocation(s, s.at(s.locations[place]))
	n := f.locationOf(loc, lines)
	s.locationOf[place] = n + 1
	return n
}

func (f *Fold) readLocation(s *source, message []byte) (loc location, lines []line) {
	var start uint64
	lines = f.lineBuf[:0]
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.LocationMapping:
			loc.mapping, start = f.mapping(s, c.Number())
		case protowire.LocationAddress:
			loc.address = c.Number()
		case protowire.LocationIsFolded:
			loc.folded = c.Number() != 0
		case protowire.LocationLine:
			if len(lines) < maxInlined {
				lines = append(lines, f.readLine(s, c.Bytes()))
			}
		}
	}
	f.lineBuf = lines
	switch {
	case slices.ContainsFunc(lines, func(l line) bool { return l.function != 0 }):
		loc.address = 0
	case loc.mapping != 0:
		loc.address += f.mappings[loc.mapping-1].start - start
	}
	return loc, lines
}

func (f *Fold) readLine(s *source, message []byte) (l line) {
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.LineFunction:
			l.function = f.function(s, c.Number())
		case protowire.LineNumber:
			l.line = int64(c.Number())
		case protowire.LineColumn:
			l.column = int64(c.Number())
		}
	}
	return l
}

func (f *Fold) locationOf(loc location, lines []line) uint32 {
	key := binary.AppendUvarint(appendNumber(f.locKey[:0], loc.mapping), loc.address)
	for _, l := range lines {
		key = binary.AppendVarint(binary.AppendVarint(appendNumber(key, l.function), l.line), l.column)
	}
	if loc.folded {
		key = append(key, 1)
	}
	f.locKey = key
	if n, ok := f.byLoc[string(key)]; ok {
		return n
	}
	loc.from = uint32(len(f.lines))
	f.lines = append(f.lines, lines...)
	loc.to = uint32(len(f.lines))
	n := uint32(len(f.locations))
	f.locations = append(f.locations, loc)
	f.byLoc[string(key)] = n
	f.bytes += costLocation + int64(len(key)) + costLine*int64(len(lines))
	return n
}

// label reads a label of a sample.
func (f *Fold) label(s *source, message []byte) (l label) {
	c := protowire.Walk(message)
	for c.Next() {
		switch c.Field {
		case protowire.LabelKey:
			l.key = f.text(s, c.Number())
		case protowire.LabelString:
			l.text = f.text(s, c.Number())
		case protowire.LabelNumber:
			l.number = int64(c.Number())
		case protowire.LabelUnit:
			l.unit = f.text(s, c.Number())
		}
	}
	return l
}

// baseKey and its value are how go tool pprof -diff_base knows the samples of the
// base.
const (
	baseKey   = "pprof::base"
	baseValue = "true"
)

// tagged returns the number of the labels in f.tag.
func (f *Fold) tagged(base bool) uint32 {
	if base {
		f.tag = append(f.tag, label{key: f.textOf([]byte(baseKey)), text: f.textOf([]byte(baseValue))})
	}
	if len(f.tag) == 0 {
		return 0
	}
	slices.SortStableFunc(f.tag, func(a, b label) int { return cmp.Compare(a.key, b.key) })
	var buf [128]byte
	key := buf[:0]
	for _, l := range f.tag {
		key = appendNumber(appendNumber(appendNumber(key, l.key), l.text), l.unit)
		key = binary.AppendVarint(key, l.number)
	}
	if n, ok := f.byTags[string(key)]; ok {
		return n
	}
	n := uint32(len(f.tags))
	f.tags = append(f.tags, slices.Clone(f.tag))
	f.byTags[string(key)] = n
	f.bytes += costTags + int64(len(key)) + costLabel*int64(len(f.tag))
	return n
}

func appendNumber(b []byte, n uint32) []byte { return binary.LittleEndian.AppendUint32(b, n) }
