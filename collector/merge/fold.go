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
// values. Values of one type are added, and units of one quantity are converted to
// the smallest of them: milliseconds and nanoseconds are one column. A profile that
// has none of a type counts as 0 there, see [Measure].Without. A fold is used by one
// goroutine.
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

	columns  []column
	header   header
	profiles int
	trimmed  int            // stacks that went to the others
	skipped  int            // profiles that could not be read
	bare     bool           // labels are not kept
	stripped bool           // labels were dropped for want of room
	kind     collector.Kind // of the profiles, "" if that is not known
	asked    bool           // the kind was asked for
	usual    string         // the type that the most profiles have, if a plan knows that
	noted    bool           // comments say what the values are
	last     time.Time      // when the latest profile was begun, of a query

	// Buffers of the profile that is being added.
	src         source
	key, locKey []byte
	lineBuf     []line
	tag         []label
	row         []int64
}

// A column is the values of one type.
type column struct {
	safepprof.ValueType
	profiles int     // that have values of the type
	signed   bool    // there was a value below zero
	scale    float64 // what a stored value is multiplied by
	measure  Measure
	stated   string // what a comment of the profile says of it
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
// [DefaultLimit]. Above it the labels are dropped, and then the stacks with the
// smallest values are added up as one, named "(other)". No value is lost.
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
func (f *Fold) Add(raw []byte) error { return f.add(raw, addition{}) }

// Profiles returns how many profiles were added.
func (f *Fold) Profiles() int { return f.profiles }

// Trimmed returns how many stacks were added up as "(other)".
func (f *Fold) Trimmed() int { return f.trimmed }

// Skipped returns how many profiles a [Merger] has left out, since they turned out
// to be none.
func (f *Fold) Skipped() int { return f.skipped }

// Len returns how many stacks there are.
func (f *Fold) Len() int { return len(f.stacks.list) }

// Stripped reports whether labels were dropped for want of room.
func (f *Fold) Stripped() bool { return f.stripped }

// Columns returns what the values of a stack are.
func (f *Fold) Columns() []safepprof.ValueType {
	types := make([]safepprof.ValueType, len(f.columns))
	for i := range f.columns {
		types[i] = f.columns[i].ValueType
	}
	return types
}

// Time returns when the earliest of the profiles was begun, and zero if none of
// them says.
func (f *Fold) Time() time.Time {
	if f.header.time == 0 {
		return time.Time{}
	}
	return time.Unix(0, f.header.time).UTC()
}

// Latest returns when the latest of the profiles that a [Merger] has found was begun.
func (f *Fold) Latest() time.Time { return f.last }

// Duration returns how long all profiles took together.
func (f *Fold) Duration() time.Duration { return time.Duration(f.header.duration) }

// Totals returns the sum of each column, rounded.
func (f *Fold) Totals() []int64 {
	totals := f.stored()
	for c := range totals {
		totals[c] = f.columns[c].whole(totals[c])
	}
	return totals
}

// stored returns the sum of each column as it is stored.
func (f *Fold) stored() []int64 {
	totals := make([]int64, len(f.columns))
	for i := range f.stacks.list {
		for c, v := range f.stacks.row(i) {
			totals[c] = plus(totals[c], v)
		}
	}
	return totals
}

// whole returns what a stored value means, rounded.
func (c *column) whole(stored int64) int64 {
	if c.scale == 1 {
		return stored
	}
	return round(float64(stored) * c.scale)
}

// An addition says how a profile is added.
type addition struct {
	// takes tells the types that are added; nil, and a profile that has none of them, is
	// all.
	takes func(typ string) bool
	// weigh returns what values of a type are multiplied by; nil is 1.
	weigh func(typ string) int64
	// base gives the samples the label that go tool pprof knows a base by.
	base bool
	// uncounted is a profile that was counted before.
	uncounted bool
}

// add adds a profile.
func (f *Fold) add(raw []byte, how addition) error {
	s := &f.src
	if err := s.read(raw); err != nil {
		return err
	}
	if err := f.addColumns(s, how); err != nil {
		return err
	}
	for _, at := range s.samples {
		f.addSample(s, raw[at.from:at.to], how.base)
	}
	f.addHeader(s)
	if !how.uncounted {
		f.profiles++
	}
	if f.bytes > f.limit/4*3 {
		f.shrink(f.limit / 2)
	}
	return nil
}

// addSample adds one sample, which read has looked at.
func (f *Fold) addSample(s *source, m []byte, base bool) {
	if f.bytes > f.limit && f.strip() {
		s.forget()
	}
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
				if s.columns[n] < 0 {
					continue // is not taken
				}
				f.row[s.columns[n]] = times(int64(v), s.factors[n])
				if int64(v) < 0 && s.factors[n] != 0 {
					f.columns[s.columns[n]].signed = true
				}
			}
		case protowire.SampleLabel:
			if len(f.tag) < maxTags && !full && !f.bare {
				f.tag = append(f.tag, f.label(s, c.Bytes()))
			}
		}
	}
	switch {
	case !slices.ContainsFunc(f.row, func(v int64) bool { return v != 0 }):
		return
	case full:
		f.toOthers(f.row, base)
		return
	}
	f.bytes += f.stacks.add(f.key, f.tagged(base), f.row)
}

// has reports whether there are columns of all these types.
func (f *Fold) has(types []string) bool {
	return !slices.ContainsFunc(types, func(typ string) bool {
		return !slices.ContainsFunc(f.columns, func(c column) bool { return c.Type == typ })
	})
}

func (f *Fold) addHeader(s *source) {
	h := &f.header
	text := func(to *string, number uint64) {
		if *to == "" {
			*to = string(s.text(number))
		}
	}
	if name := string(s.text(s.defaultType)); name != "" && (h.defaultType == "" || name < h.defaultType) {
		h.defaultType = name // whatever the order
	}
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
