package merge

import (
	"cmp"
	"math"
	"slices"
)

// othersName is the function of the stack that all others are added up in.
const othersName = "(other)"

// Trim keeps the n stacks with the largest values, of whichever sign, in a column
// and adds up the others as one, named "(other)". Only the places are lost. A
// diff that tells its base apart has one of them for the base, too.
func (f *Fold) Trim(n, column int) {
	if n >= len(f.stacks.list) || n < 0 || column < 0 || column >= len(f.columns) {
		return
	}
	f.keep(f.largest(column)[:n])
}

// DropLabels adds up stacks that differ in their labels alone, and keeps no label
// of what is added later. A diff goes on telling its base apart.
func (f *Fold) DropLabels() {
	f.bare = true
	if !f.labelled() {
		return
	}
	for i := range f.tags {
		f.tags[i] = slices.DeleteFunc(f.tags[i], func(l label) bool { return f.texts[l.key] != baseKey })
	}
	all := make([]int, len(f.stacks.list))
	for i := range all {
		all[i] = i
	}
	f.keep(all)
}

// labelled reports whether a stack has a label of its profile.
func (f *Fold) labelled() bool {
	return slices.ContainsFunc(f.tags, func(tags []label) bool {
		return slices.ContainsFunc(tags, func(l label) bool { return f.texts[l.key] != baseKey })
	})
}

// strip drops the labels for want of room, and reports whether there were any. Of
// profiles with a label for each request, they are nearly all of it.
func (f *Fold) strip() bool {
	if f.bare || !f.labelled() {
		return false
	}
	f.DropLabels()
	f.stripped = true
	return true
}

// shrink drops the labels, and then keeps so many of the largest stacks that all
// tables take about so many bytes.
func (f *Fold) shrink(bytes int64) {
	if f.strip() && f.bytes <= bytes {
		return
	}
	column, err := f.Column("")
	if err != nil {
		return
	}
	order := f.largest(column)
	for keep := len(order) / 2; ; keep /= 2 { // what a stack costs is not the same for all
		f.keep(order[:min(keep, len(order))])
		if f.bytes <= bytes || keep == 0 {
			return
		}
		order = f.largest(column)
	}
}

// largest returns the places of all stacks, those with the largest values first.
func (f *Fold) largest(column int) []int {
	order := make([]int, len(f.stacks.list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := magnitude(f.stacks.row(a)[column]), magnitude(f.stacks.row(b)[column])
		return cmp.Or(cmp.Compare(y, x), cmp.Compare(a, b))
	})
	return order
}

func magnitude(v int64) uint64 {
	if v < 0 {
		return -uint64(v)
	}
	return uint64(v)
}

// keep makes all tables anew, of these stacks and one or two for all others.
func (f *Fold) keep(chosen []int) {
	old := *f
	f.clear()
	f.trimmed = old.trimmed
	m := mover{from: &old, to: f}
	m.texts = zeros(nil, len(old.texts))
	m.functions = zeros(nil, len(old.functions))
	m.mappings = zeros(nil, len(old.mappings))
	m.locations = zeros(nil, len(old.locations))
	slices.Sort(chosen)
	for i := range old.stacks.list {
		if len(chosen) > 0 && chosen[0] == i {
			chosen = chosen[1:]
			m.move(i)
			continue
		}
		f.toOthers(old.stacks.row(i), old.isBase(i))
	}
}

// toOthers adds values to the stack that stands for the others.
func (f *Fold) toOthers(row []int64, base bool) {
	f.trimmed++
	fn := f.functionOf(function{name: f.textOf([]byte(othersName))})
	loc := f.locationOf(location{}, []line{{function: fn + 1}})
	f.tag = f.tag[:0]
	f.bytes += f.stacks.add(appendNumber(nil, loc), f.tagged(base), row)
}

// isBase reports whether a stack is of the base of a diff.
func (f *Fold) isBase(i int) bool {
	return slices.ContainsFunc(f.tags[f.stacks.list[i].tags], func(l label) bool { return f.texts[l.key] == baseKey })
}

// A mover copies stacks from one fold to another. Its tables hold what was copied
// already: the number in the other fold + 1.
type mover struct {
	from, to                              *Fold
	texts, functions, mappings, locations []uint32
}

func (m *mover) move(i int) {
	st := &m.from.stacks.list[i]
	f := m.to
	f.key = f.key[:0]
	for at := st.from; at < st.to; at++ {
		f.key = appendNumber(f.key, m.location(m.from.stacks.location(at)))
	}
	f.tag = f.tag[:0]
	for _, l := range m.from.tags[st.tags] {
		f.tag = append(f.tag, label{key: m.text(l.key), text: m.text(l.text), unit: m.text(l.unit), number: l.number})
	}
	f.bytes += f.stacks.add(f.key, f.tagged(false), m.from.stacks.row(i))
}

func (m *mover) text(n uint32) uint32 {
	if m.texts[n] == 0 {
		m.texts[n] = m.to.textOf([]byte(m.from.texts[n])) + 1
	}
	return m.texts[n] - 1
}

func (m *mover) location(n uint32) uint32 {
	if m.locations[n] == 0 {
		loc := m.from.locations[n]
		lines := slices.Clone(m.from.lines[loc.from:loc.to])
		for i := range lines {
			lines[i].function = m.function(lines[i].function)
		}
		loc.mapping = m.mapping(loc.mapping)
		m.locations[n] = m.to.locationOf(loc, lines) + 1
	}
	return m.locations[n] - 1
}

func (m *mover) function(n uint32) uint32 {
	if n == 0 {
		return 0
	}
	if m.functions[n-1] == 0 {
		fn := m.from.functions[n-1]
		fn.name, fn.system, fn.file = m.text(fn.name), m.text(fn.system), m.text(fn.file)
		m.functions[n-1] = m.to.functionOf(fn) + 1
	}
	return m.functions[n-1]
}

func (m *mover) mapping(n uint32) uint32 {
	if n == 0 {
		return 0
	}
	if m.mappings[n-1] == 0 {
		mp := m.from.mappings[n-1]
		mp.file, mp.build = m.text(mp.file), m.text(mp.build)
		m.mappings[n-1] = m.to.mappingOf(mp) + 1
	}
	return m.mappings[n-1]
}

// round makes an integer of a product, and saturates.
func round(v float64) int64 {
	switch v = math.Round(v); {
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int64(v)
}
