package segment

import "sort"

// Search calls yield with each row that q selects, in the order of the rows,
// until it returns false.
func (s *Segment) Search(q Query, yield func(row int) bool) {
	if s.rows == 0 || s.last < q.From || s.first >= q.To {
		return
	}
	wanted := make([]uint32, 0, 16)
	for _, t := range q.Terms {
		n, ok := s.number(t)
		if !ok {
			return
		}
		wanted = append(wanted, n)
	}
	sets := s.judge(wanted)
	for row := range s.rows {
		at := s.At(row)
		if at >= q.From && at < q.To && (sets == nil || sets[u32(s.setOf, row)]) && !yield(row) {
			return
		}
	}
}

// TermsWith calls yield with each term that begins with prefix, without the
// prefix, in order.
func (s *Segment) TermsWith(prefix string, yield func(rest string) bool) {
	begin := sort.Search(s.terms, func(i int) bool { return string(s.term(i)) >= prefix })
	for i := begin; i < s.terms; i++ {
		t := s.term(i)
		if len(t) < len(prefix) || string(t[:len(prefix)]) != prefix || !yield(string(t[len(prefix):])) {
			return
		}
	}
}

// number looks a term up.
func (s *Segment) number(term string) (uint32, bool) {
	i := sort.Search(s.terms, func(i int) bool { return string(s.term(i)) >= term })
	return uint32(i), i < s.terms && string(s.term(i)) == term
}

// judge returns which sets hold all that is wanted, and nil for all of them.
func (s *Segment) judge(wanted []uint32) []bool {
	if len(wanted) == 0 {
		return nil
	}
	fits := make([]bool, s.sets)
	for i := range fits {
		fits[i] = holds(s.set(i), wanted)
	}
	return fits
}

// holds reports whether the members of a set, ascending, hold all numbers.
func holds(members []byte, numbers []uint32) bool {
next:
	for _, n := range numbers {
		for i := range len(members) / 4 {
			if m := u32(members, i); m == n {
				continue next
			} else if m > n {
				return false
			}
		}
		return false
	}
	return true
}
