package merge

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// preferred are the types of values that say the most of a kind of profile, the
// best first.
func preferred(kind collector.Kind) []string {
	switch kind {
	case collector.KindCPU:
		return []string{"cpu", "itimer", "wall", "samples", "sample"}
	case collector.KindHeap:
		return []string{"inuse_space", "space", "inuse_objects", "objects", "alloc_space", "alloc_objects"}
	case collector.KindMutex, collector.KindBlock:
		return []string{"delay", "lock_time", "contentions", "lock_count"}
	case collector.KindGoroutine:
		return []string{"goroutine", "goroutines"}
	case collector.KindThreadcreate:
		return []string{"threadcreate"}
	}
	return nil
}

// MainType returns the type of values that says the most of a kind, and "" if none does.
func MainType(kind collector.Kind) string {
	if types := preferred(kind); len(types) > 0 {
		return types[0]
	}
	return ""
}

// Column returns the number of the column of that type. Without a name it is the
// one that says the most: of a query, by the kind that was asked for; otherwise
// the one that the profiles name as their default, or that their kind says. If
// nothing is known it is the last, as in go tool pprof.
func (f *Fold) Column(name string) (int, error) {
	if len(f.columns) == 0 {
		return 0, collector.Errorf(collector.NotFound, "nothing found")
	}
	wanted := []string{name}
	if name == "" {
		wanted = append(preferred(f.kind), f.header.defaultType)
		if !f.asked {
			wanted = append([]string{f.header.defaultType}, wanted...)
		}
		wanted = append(wanted, f.usual)
	}
	for _, w := range wanted {
		if i := slices.IndexFunc(f.columns, func(c column) bool { return w != "" && c.Type == w }); i >= 0 {
			return i, nil
		}
	}
	if name == "" {
		last := 0
		for i := range f.columns {
			if f.columns[i].profiles >= f.columns[last].profiles {
				last = i
			}
		}
		return last, nil
	}
	return 0, collector.Errorf(collector.Invalid, "value %.40q is none of %v", name, f.Columns())
}

// addColumns finds the columns of a profile's values, and adds those that are
// missing.
func (f *Fold) addColumns(s *source, how addition) error {
	taken := [maxColumns]bool{}
	columns := slices.Clone(f.columns)
	s.columns, s.factors = s.columns[:0], s.factors[:0]
	types := make([]string, len(s.types))
	for i, t := range s.types {
		types[i] = string(s.text(t.typ))
	}
	all := how.takes == nil || !slices.ContainsFunc(types, how.takes)
	for i, t := range s.types {
		v := safepprof.ValueType{Type: types[i], Unit: string(s.text(t.unit))}
		if !all && !how.takes(v.Type) {
			s.columns, s.factors = append(s.columns, -1), append(s.factors, 0)
			continue
		}
		n := slices.IndexFunc(columns, func(c column) bool { return c.ValueType == v })
		if n < 0 || taken[n] {
			n = 0
			for n < len(columns) && (taken[n] || columns[n].Type != v.Type || !sameQuantity(columns[n].Unit, v.Unit)) {
				n++
			}
		}
		if n == maxColumns {
			return safepprof.NotProfile("more than %d types of values", maxColumns)
		}
		if n == len(columns) {
			columns = append(columns, column{ValueType: v, scale: 1})
		}
		taken[n] = true
		columns[n].Unit = finer(columns[n].Unit, v.Unit)
		if !how.uncounted {
			columns[n].profiles++
		}
		factor := ratio(v.Unit, columns[n].Unit)
		if how.weigh != nil {
			factor = times(factor, how.weigh(v.Type))
		}
		s.columns, s.factors = append(s.columns, n), append(s.factors, factor)
	}
	f.convert(columns)
	f.row = slices.Grow(f.row[:0], len(f.columns))[:len(f.columns)]
	return nil
}

// convert makes the columns those: more of them, and some in a smaller unit.
func (f *Fold) convert(columns []column) {
	by := make([]int64, len(f.columns))
	for i, c := range f.columns {
		by[i] = ratio(c.Unit, columns[i].Unit)
	}
	if slices.ContainsFunc(by, func(factor int64) bool { return factor != 1 }) {
		for i := range f.stacks.list {
			for c, v := range f.stacks.row(i) {
				f.stacks.row(i)[c] = times(v, by[c])
			}
		}
	}
	if len(columns) > len(f.columns) {
		f.stacks.widen(len(columns))
	}
	f.columns = columns
}

// A quantity is what a unit measures, and how many of the smallest unit it has.
type quantity struct {
	of   string
	size int64
}

// quantityOf tells the quantity of a unit. One that is not known is a quantity of
// its own.
func quantityOf(unit string) quantity {
	switch strings.ToLower(unit) {
	case "ns", "nanosecond", "nanoseconds":
		return quantity{"time", 1}
	case "us", "µs", "microsecond", "microseconds":
		return quantity{"time", 1e3}
	case "ms", "millisecond", "milliseconds":
		return quantity{"time", 1e6}
	case "s", "second", "seconds":
		return quantity{"time", 1e9}
	case "b", "byte", "bytes":
		return quantity{"size", 1}
	case "kb", "kib", "kilobyte", "kilobytes":
		return quantity{"size", 1 << 10}
	case "mb", "mib", "megabyte", "megabytes":
		return quantity{"size", 1 << 20}
	case "", "count", "object", "objects", "sample", "samples":
		return quantity{"count", 1}
	}
	return quantity{unit, 1}
}

func sameQuantity(a, b string) bool { return quantityOf(a).of == quantityOf(b).of }

// finer returns the smaller of two units of a quantity, and of two names of one
// the longer, so that the order makes no difference.
func finer(a, b string) string {
	x, y := quantityOf(a).size, quantityOf(b).size
	if y < x || x == y && (len(b) > len(a) || len(b) == len(a) && b > a) {
		return b
	}
	return a
}

// ratio is how many of a smaller unit a unit has.
func ratio(unit, smaller string) int64 { return quantityOf(unit).size / quantityOf(smaller).size }

// UnitRatio returns how many of one unit another one has: 1000000 nanoseconds are
// a millisecond. Units of different quantities are taken as the same.
func UnitRatio(unit, other string) float64 {
	return float64(quantityOf(unit).size) / float64(quantityOf(other).size)
}

// times multiplies, and saturates.
func times(a, b int64) int64 {
	if b == 1 {
		return a
	}
	high, low := bits.Mul64(magnitude(a), magnitude(b))
	switch negative := (a < 0) != (b < 0); {
	case high == 0 && low <= math.MaxInt64 && negative:
		return -int64(low)
	case high == 0 && low <= math.MaxInt64:
		return int64(low)
	case negative:
		return math.MinInt64
	}
	return math.MaxInt64
}
