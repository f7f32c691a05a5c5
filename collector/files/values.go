package files

import (
	"bytes"
	"maps"
	"slices"
	"strings"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// A lookup collects what follows a prefix in the terms of the rows that a query selects,
// up to a separator unless that is "".
type lookup struct {
	query             *segment.Query
	prefix, separator string
	found             map[string]bool

	cache   *labelCache // nil if the query is not of the kind that is cached
	sealed  *sealed     // of the source that is read next, as it was looked for in the cache
	removed int64
	seen    []bool // of the cache's values
}

// cacheable reports whether the question is of the kind that is cached.
func (l *lookup) cacheable() bool { return len(l.query.Terms) <= 1 && len(l.query.Match) == 0 }

// with makes the lookup with a cache.
func (l *lookup) with(c *labelCache, do func() error) error {
	l.cache, l.seen = c, make([]bool, len(c.names))
	err := do()
	for n, seen := range l.seen {
		if seen {
			l.found[c.names[n]] = true
		}
	}
	return err
}

// known reports whether the values of a segment are in the cache, and takes them.
func (l *lookup) known(sl *sealed) bool {
	l.sealed = nil
	if l.cache == nil || sl.first < l.query.From || sl.last >= l.query.To {
		return false
	}
	l.sealed, l.removed = sl, sl.gone.added.Load()
	list, cached := l.cache.lists[sl.dir]
	if !cached || list.version != sl.version || list.removed != l.removed {
		return false
	}
	for _, n := range list.numbers {
		l.seen[n] = true
	}
	return true
}

// read takes the values of a source.
func (l *lookup) read(src *source) {
	switch {
	case src.seg == nil:
		src.search(l.query, func(row int, _ int64) {
			for _, t := range src.rows[row].Terms {
				if rest, ok := strings.CutPrefix(t, l.prefix); ok {
					l.take(l.cut([]byte(rest)))
				}
			}
		})
	case l.sealed == nil || l.sealed.dir != src.dir || l.cache.full():
		l.terms(src, l.take)
	default:
		var numbers []uint32
		l.terms(src, func(value []byte) {
			n := l.cache.number(value)
			numbers = append(numbers, n)
			for int(n) >= len(l.seen) {
				l.seen = append(l.seen, false)
			}
			l.seen[n] = true
		})
		l.cache.keep(src.dir, valueList{l.sealed.version, l.removed, slices.Clip(numbers)})
	}
}

// take takes a value that is not from the cache.
func (l *lookup) take(value []byte) {
	if !l.found[string(value)] { // which allocates nothing
		l.found[string(value)] = true
	}
}

func (l *lookup) cut(value []byte) []byte {
	if l.separator != "" {
		value, _, _ = bytes.Cut(value, []byte(l.separator))
	}
	return value
}

// terms hands on the values of a segment, each once.
func (l *lookup) terms(src *source, take func([]byte)) {
	sets := l.sets(src)
	if sets == nil {
		return
	}
	begin, end := src.seg.Range(l.prefix)
	last := []byte(nil) // the value that was taken last, with the separator
	for n := begin; n < end; n++ {
		rest := src.seg.Term(n)[len(l.prefix):]
		if last != nil && bytes.HasPrefix(rest, last) || !src.seg.Held(n, sets) {
			continue
		}
		value := l.cut(rest)
		take(value)
		if l.separator != "" {
			last = rest[:len(value)+len(l.separator)]
		}
	}
}

// sets returns the sets of the selected rows, nil for none. Where every row is of the
// query's time and there, the rows need not be read.
func (l *lookup) sets(src *source) []bool {
	first, last := src.seg.Span()
	if first >= l.query.From && last < l.query.To && (src.gone == nil || src.gone.added.Load() == 0) {
		sets, some := src.seg.Fitting(*l.query)
		if some && sets == nil {
			sets = make([]bool, src.seg.Sets())
			for i := range sets {
				sets[i] = true
			}
		}
		return sets
	}
	sets := make([]bool, src.seg.Sets())
	src.search(l.query, func(row int, _ int64) { sets[src.seg.SetOf(row)] = true })
	return sets
}

// values returns all, sorted.
func (l *lookup) values() []string { return slices.Sorted(maps.Keys(l.found)) }
