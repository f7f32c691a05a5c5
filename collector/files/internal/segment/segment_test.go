package segment_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// rowsOf makes n rows with some terms in common.
func rowsOf(n int, random *rand.Rand) []segment.Row {
	rows := make([]segment.Row, n)
	for i := range rows {
		rows[i] = segment.Row{At: random.Int64N(1000) - 500, Ref: random.Uint64(), Payload: fmt.Appendf(nil, "payload %d", i)}
		for range random.IntN(6) {
			rows[i].Terms = append(rows[i].Terms, fmt.Sprint("t", random.IntN(12)))
		}
		if random.IntN(4) == 0 {
			rows[i].Terms = append(rows[i].Terms, fmt.Sprint("own", i), "")
		}
	}
	return rows
}

func open(t testing.TB, rows []segment.Row, extra uint64) *segment.Segment {
	t.Helper()
	raw := segment.Build(rows, extra)
	require.True(t, segment.Verify(raw))
	s, err := segment.Open(raw)
	require.NoError(t, err)
	return s
}

func TestSegmentHoldsItsRows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 2, 100, 70_000} { // the last with more sets than 16 bits number
		rows := rowsOf(n, random)
		if n == 70_000 {
			for i := range rows {
				rows[i].Terms = append(rows[i].Terms, fmt.Sprint("unique", i))
			}
		}
		s := open(t, rows, 42)
		require.Equal(t, n, s.Rows())
		require.EqualValues(t, 42, s.Extra())
		first, last := s.Span()
		if n == 0 {
			require.Greater(t, first, last)
			continue
		}
		for i, r := range rows {
			require.Equal(t, r.At, s.At(i))
			require.True(t, first <= r.At && r.At <= last)
			require.Equal(t, r.Ref, s.Ref(i))
			require.Equal(t, string(r.Payload), string(s.Payload(i)))
			want := slices.Sorted(slices.Values(r.Terms))
			require.Equal(t, slices.Compact(want), s.Terms(nil, i))
		}
	}
}

func TestSearchFindsAsTheModel(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	rows := rowsOf(400, random)
	s := open(t, rows, 0)
	for range 2000 {
		q := segment.Query{From: random.Int64N(1200) - 600, To: random.Int64N(1200) - 600}
		if random.IntN(3) == 0 {
			q = segment.Everything()
		}
		for range random.IntN(4) {
			q.Terms = append(q.Terms, fmt.Sprint("t", random.IntN(14)))
		}
		var want, got []int
		for i, r := range rows {
			holds := !slices.ContainsFunc(q.Terms, func(t string) bool { return !slices.Contains(r.Terms, t) })
			if holds && r.At >= q.From && r.At < q.To {
				want = append(want, i)
			}
		}
		s.Search(q, func(row int) bool {
			got = append(got, row)
			return true
		})
		require.Equal(t, want, got, "%+v", q)
	}
	n := 0
	s.Search(segment.Everything(), func(int) bool { n++; return n < 3 })
	require.Equal(t, 3, n)
}

func TestTermsOfSets(t *testing.T) {
	s := open(t, []segment.Row{{Terms: []string{"s=b", "s=", "r=x", "s=a", "t=y"}}, {Terms: []string{"s=a"}}}, 0)
	require.Equal(t, 2, s.Sets())
	begin, end := s.Range("s=")
	require.Equal(t, 3, end-begin)
	require.Equal(t, "s=", string(s.Term(begin)))
	require.Equal(t, "s=a", string(s.Term(s.Member(s.SetOf(1), begin, end))))
	require.True(t, s.Held(begin, []bool{true, false}))
	require.False(t, s.Held(begin, []bool{false, true}))
	none, end := s.Range("zzz")
	require.Equal(t, none, end)
	require.Equal(t, -1, s.Member(s.SetOf(0), none, end))
	rest, ok := s.SetTerm(s.SetOf(1), "s=")
	require.True(t, ok)
	require.Equal(t, "a", rest)
	_, ok = s.SetTerm(s.SetOf(1), "r=")
	require.False(t, ok)
	require.Equal(t, "y", s.TermWith(0, "t="))
	require.Empty(t, s.TermWith(1, "t="))
}

// A match is given the value of each row, and "" for those that have none.
func TestMatch(t *testing.T) {
	s := open(t, []segment.Row{
		{Terms: []string{"l=a", "s=x"}},
		{Terms: []string{"l=b", "s=x"}},
		{Terms: []string{"s=x"}},
		{Terms: []string{"l=b", "s=y"}},
		{Terms: []string{"l=a", "l=c", "s=w"}},
	}, 0)
	for _, tt := range []struct {
		terms []string
		fits  func(string) bool
		every bool
		want  []int
	}{
		{nil, func(v string) bool { return v == "b" }, false, []int{1, 3}},
		{nil, func(v string) bool { return v != "b" }, false, []int{0, 2, 4}},
		{[]string{"s=x"}, func(v string) bool { return v != "a" }, false, []int{1, 2}},
		{nil, func(v string) bool { return v == "c" }, false, []int{4}},
		{nil, func(v string) bool { return v != "c" }, true, []int{0, 1, 2, 3}},
		{nil, func(v string) bool { return v != "a" }, true, []int{1, 2, 3}},
		{nil, func(v string) bool { return v == "a" || v == "c" }, true, []int{0, 4}},
		{[]string{"s=y"}, func(v string) bool { return v == "a" }, false, nil},
		{[]string{"s=z"}, func(string) bool { return true }, false, nil},
	} {
		q := segment.Everything()
		q.Terms, q.Match = tt.terms, []segment.Match{{Prefix: "l=", Fits: tt.fits, Every: tt.every}}
		var got []int
		s.Search(q, func(row int) bool { got = append(got, row); return true })
		require.Equal(t, tt.want, got)
	}
}

// A search allocates for the sets of terms, and nothing for each row.
func TestSearchAllocations(t *testing.T) {
	s := open(t, rowsOf(4000, rand.New(rand.NewPCG(3, 3))), 0)
	q := segment.Everything()
	q.Terms = []string{"t1", "t2"}
	n := 0
	allocs := testing.AllocsPerRun(100, func() { s.Search(q, func(int) bool { n++; return true }) })
	require.Positive(t, n)
	require.LessOrEqual(t, allocs, 2.0)
}

// Bytes that are no segment are refused, or read without a panic.
func FuzzOpen(f *testing.F) {
	f.Add(segment.Build(rowsOf(5, rand.New(rand.NewPCG(4, 4))), 1), uint16(3), byte(1))
	f.Add([]byte(strings.Repeat("HLS1", 20)), uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, raw []byte, at uint16, bit byte) {
		whole := segment.Verify(raw)
		if len(raw) > 0 && bit != 0 {
			changed := slices.Clone(raw)
			changed[int(at)%len(raw)] ^= bit
			require.False(t, whole && segment.Verify(changed))
		}
		s, err := segment.Open(raw)
		if err != nil || !whole {
			return // a segment that is not verified is not read
		}
		s.Search(segment.Query{From: math.MinInt64, To: math.MaxInt64, Terms: []string{"t1"}}, func(int) bool { return true })
	})
}
