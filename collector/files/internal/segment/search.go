package segment

import "sort"

// Search calls yield with each row that q selects, in the order of the rows,
// until it returns false.
func (s *Segment) Search(q Query, yield func(row int) bool) {
	if s.rows == 0 || s.last < q.From || s.first >= q.To {
		return
	}
	fits, some := s.Fitting(q)
	if !some {
		return
	}
	for row := range s.rows {
		if fits != nil && !fits[s.number(s.setOf, row)] {
			continue
		}
		if at := s.At(row); at >= q.From && at < q.To && !yield(row) {
			return
		}
	}
}

// Fitting returns the sets whose terms q selects, nil for all sets, and whether there
// are any. Each set has a row.
func (s *Segment) Fitting(q Query) (fits []bool, some bool) {
	wanted := make([]int, 0, 16)
	for _, t := range q.Terms {
		n, ok := s.find(t)
		if !ok {
			return nil, false
		}
		wanted = append(wanted, n)
	}
	fits, some = s.judge(wanted)
	for i := range q.Match {
		fits, some = s.match(fits, some, &q.Match[i])
	}
	return fits, some
}

// find looks a term up.
func (s *Segment) find(term string) (int, bool) {
	i := sort.Search(s.terms, func(i int) bool { return string(s.term(i)) >= term })
	return i, i < s.terms && string(s.term(i)) == term
}

// judge returns the sets that hold all wanted terms, nil for all sets, and whether
// there are any.
func (s *Segment) judge(wanted []int) (fits []bool, some bool) {
	if len(wanted) == 0 {
		return nil, true
	}
	shortest := s.holders(wanted[0])
	for _, term := range wanted[1:] {
		if list := s.holders(term); len(list) < len(shortest) {
			shortest = list
		}
	}
	for i := range len(shortest) / s.width {
		set := s.number(shortest, i)
		if !s.holds(s.set(set), wanted) {
			continue
		}
		if fits == nil {
			fits = make([]bool, s.sets)
		}
		fits[set] = true
	}
	return fits, fits != nil
}

// match narrows the sets that fit by a match.
func (s *Segment) match(before []bool, some bool, m *Match) (fits []bool, found bool) {
	if !some {
		return nil, false
	}
	begin, end := s.Range(m.Prefix)
	verdicts := make([]bool, end-begin) // of each value
	for i := range verdicts {
		verdicts[i] = m.Fits(string(s.term(begin + i)[len(m.Prefix):]))
	}
	missing := m.Fits("")
	fits = make([]bool, s.sets)
	for set := range fits {
		if before != nil && !before[set] {
			continue
		}
		fits[set] = missing
		for n := s.Member(set, begin, end); n >= 0; n = s.Member(set, n+1, end) {
			if fits[set] = verdicts[n-begin]; fits[set] != m.Every {
				break
			}
		}
		found = found || fits[set]
	}
	return fits, found
}

// holds reports whether the members of a set, ascending, hold all terms.
func (s *Segment) holds(members []byte, terms []int) bool {
next:
	for _, term := range terms {
		for i := range len(members) / s.width {
			if m := s.number(members, i); m == term {
				continue next
			} else if m > term {
				return false
			}
		}
		return false
	}
	return true
}
