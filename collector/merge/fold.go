package merge

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"time"

	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A Fold is the sum of profiles: of each stack, with its labels, the sum of its
// values. Values of the same type and unit are added; a profile that has none of
// a type counts as 0 there. It is used by one goroutine.
//
// Addresses are kept of frames without a name only, so that the same line in two
// builds, or at two places of one, is the same frame.
type Fold struct {
	limit int64 // of bytes
	bytes int64 // an estimate of what all tables take

	texts     []string // texts[0] is ""
	byText    map[string]uint32
	functions []function
	byFunc    map[function]uint32
	mappings  []mapping
	byMapping map[mappingKey]uint32
	locations []location
	lines     []line // of all locations
	byLoc     map[string]uint32
	tags      [][]label // tags[0] is none
	byTags    map[string]uint32
	stacks    stacks

	columns  []safepprof.ValueType
	header   header
	profiles int
	trimmed  int // stacks that went to the others
	skipped  int // profiles that could not be read

	// Buffers of the profile that is being added.
	src         source
	key, locKey []byte
	lineBuf     []line
	tag         []label
	row         []int64
}

// A header is what a profile says about all of itself.
type header struct {
	defaultType string
	time        int64 // nanoseconds since 1970, the earliest
	duration    int64 // nanoseconds, of all together
	period      int64 // the longest
	periodType  safepprof.ValueType
	drop, keep  string
	doc         string
	comments    []string
}

// The bounds of a fold, and of the parts of a profile. Real profiles stay far
// below them.
const (
	// DefaultLimit is how many bytes a [Fold] may take.
	DefaultLimit = 128 << 20

	maxDepth    = 8192 // frames of a stack, the innermost ones
	maxInlined  = 1024 // lines of a location
	maxTags     = 256  // labels of a stack
	maxComments = 100
	maxColumns  = 64
)

// NewFold returns an empty fold that takes about so many bytes at the most; 0 is
// [DefaultLimit]. Above it, the stacks with the smallest values are added up as
// one, named "(other)", and no value is lost.
func NewFold(limit int64) *Fold {
	f := &Fold{limit: cmp.Or(limit, DefaultLimit)}
	f.clear()
	return f
}

// clear empties the tables, not what is known about all profiles.
func (f *Fold) clear() {
	f.bytes = 0
	f.texts, f.byText = []string{""}, map[string]uint32{"": 0}
	f.functions, f.byFunc = nil, map[function]uint32{}
	f.mappings, f.byMapping = nil, map[mappingKey]uint32{}
	f.locations, f.lines, f.byLoc = nil, nil, map[string]uint32{}
	f.tags, f.byTags = [][]label{nil}, map[string]uint32{"": 0}
	f.stacks = stacks{seed: maphash.MakeSeed(), columns: len(f.columns)}
}

// Add adds a profile: the inflated bytes that a [safepprof.Checker] has let pass.
// Other bytes are an error, and do no harm, but only their size bounds the memory
// that this takes. After an error the fold is as before.
func (f *Fold) Add(raw []byte) error { return f.add(raw, 1, false) }

// Profiles returns how many profiles were added.
func (f *Fold) Profiles() int { return f.profiles }

// Trimmed returns how many stacks were added up as "(other)".
func (f *Fold) Trimmed() int { return f.trimmed }

// Skipped returns how many profiles a [Merger] has left out, since they turned out
// to be none.
func (f *Fold) Skipped() int { return f.skipped }

// Len returns how many stacks there are.
func (f *Fold) Len() int { return len(f.stacks.list) }

// Columns returns what the values of a stack are.
func (f *Fold) Columns() []safepprof.ValueType { return slices.Clone(f.columns) }

// Time returns when the earliest of the profiles was begun, and zero if none of
// them says.
func (f *Fold) Time() time.Time {
	if f.header.time == 0 {
		return time.Time{}
	}
	return time.Unix(0, f.header.time).UTC()
}

// Duration returns how long all profiles took together.
func (f *Fold) Duration() time.Duration { return time.Duration(f.header.duration) }

// Totals returns the sum of each column.
func (f *Fold) Totals() []int64 {
	totals := make([]int64, len(f.columns))
	for i := range f.stacks.list {
		for c, v := range f.stacks.row(i) {
			totals[c] = plus(totals[c], v)
		}
	}
	return totals
}

// Column returns the number of the column of that type, or of the one that says
// the most if name is "": what the profiles name as their default, or the last,
// as go tool pprof does.
func (f *Fold) Column(name string) (int, error) {
	if len(f.columns) == 0 {
		return 0, collector.Errorf(collector.NotFound, "nothing found")
	}
	wanted := cmp.Or(name, f.header.defaultType)
	for i, c := range f.columns {
		if c.Type == wanted {
			return i, nil
		}
	}
	if name == "" {
		return len(f.columns) - 1, nil
	}
	return 0, collector.Errorf(collector.Invalid, "value %.40q is none of %v", name, f.columns)
}

// add adds a profile whose values are multiplied by sign. Samples of a base get
// the label that go tool pprof knows them by.
func (f *Fold) add(raw []byte, sign int64, base bool) error {
	s := &f.src
	if err := s.read(raw); err != nil {
		return err
	}
	if err := f.addColumns(s); err != nil {
		return err
	}
	for _, at := range s.samples {
		f.addSample(s, raw[at.from:at.to], sign, base)
	}
	f.addHeader(s)
	f.profiles++
	if f.bytes > f.limit/4*3 {
		f.shrink(f.limit / 2)
	}
	return nil
}

// addColumns finds the columns of a profile's values, and adds those that are
// missing.
func (f *Fold) addColumns(s *source) error {
	taken := [maxColumns]bool{}
	columns := slices.Clone(f.columns)
	s.columns = s.columns[:0]
	for _, t := range s.types {
		column := safepprof.ValueType{Type: string(s.text(t.typ)), Unit: string(s.text(t.unit))}
		n := 0
		for n < len(columns) && (columns[n] != column || taken[n]) {
			n++
		}
		if n == maxColumns {
			return safepprof.NotProfile("more than %d types of values", maxColumns)
		}
		if n == len(columns) {
			columns = append(columns, column)
		}
		taken[n] = true
		s.columns = append(s.columns, n)
	}
	if len(columns) > len(f.columns) {
		f.columns = columns
		f.stacks.widen(len(columns))
	}
	f.row = slices.Grow(f.row[:0], len(f.columns))[:len(f.columns)]
	return nil
}

// addSample adds one sample, which read has looked at.
func (f *Fold) addSample(s *source, m []byte, sign int64, base bool) {
	clear(f.row)
	f.tag = f.tag[:0]
	f.key = f.key[:0]
	full := f.bytes > f.limit
	depth, n := 0, 0
	c := protowire.Walk(m)
	for c.Next() {
		switch c.Field {
		case protowire.SampleLocation:
			for run := c.Run(); len(run) > 0 && depth < maxDepth && !full; depth++ {
				id, size := protowire.Uvarint(run)
				run = run[size:]
				f.key = appendNumber(f.key, f.location(s, id))
			}
		case protowire.SampleValue:
			for run := c.Run(); len(run) > 0; n++ {
				v, size := protowire.Uvarint(run)
				run = run[size:]
				f.row[s.columns[n]] += sign * int64(v)
			}
		case protowire.SampleLabel:
			if len(f.tag) < maxTags && !full {
				f.tag = append(f.tag, f.label(s, c.Bytes()))
			}
		}
	}
	if full {
		f.toOthers(f.row, base)
		return
	}
	f.bytes += f.stacks.add(f.key, f.tagged(base), f.row)
}

func (f *Fold) addHeader(s *source) {
	h := &f.header
	text := func(to *string, number uint64) {
		if *to == "" {
			*to = string(s.text(number))
		}
	}
	text(&h.defaultType, s.defaultType)
	text(&h.drop, s.drop)
	text(&h.keep, s.keep)
	text(&h.doc, s.doc)
	if h.periodType == (safepprof.ValueType{}) {
		text(&h.periodType.Type, s.periodType.typ)
		text(&h.periodType.Unit, s.periodType.unit)
	}
	if s.time != 0 && (h.time == 0 || s.time < h.time) {
		h.time = s.time
	}
	h.duration = plus(h.duration, max(s.duration, 0))
	h.period = max(h.period, s.period)
	for _, number := range s.comments {
		if comment := string(s.text(number)); len(h.comments) < maxComments && !slices.Contains(h.comments, comment) {
			h.comments = append(h.comments, comment)
		}
	}
}

// plus adds, and saturates.
func plus(a, b int64) int64 {
	sum := a + b
	switch {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	}
	return sum
}
