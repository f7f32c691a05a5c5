package usage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/usage"
)

func TestRead(t *testing.T) {
	all, err := usage.Read(strings.NewReader("S pod cpu 60 0\nW 1:2:rise 4:4:other\nM 3:3\nV 1 2.5 3 4 5\nS pod mem 60 0\nW \nM \nV 7"))
	require.NoError(t, err)
	require.Equal(t, []usage.Series{
		{
			Unit: "pod", Metric: "cpu", Step: time.Minute,
			Windows: []usage.Span{{1, 2, "rise"}, {4, 4, "other"}}, Masked: []usage.Span{{3, 3, ""}},
			Values: []float64{1, 2.5, 3, 4, 5},
		},
		{Unit: "pod", Metric: "mem", Step: time.Minute, Values: []float64{7}},
	}, all)
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"V 1":             "line 1: \"V\" comes before the first S",
		"S pod cpu 60":    "line 1: an S has 3 fields",
		"S pod cpu 0 0":   "step \"0\"",
		"S p c 1 0\nV x":  "line 2: ",
		"S p c 1 0\nW 1":  "\"1\": must be from:to",
		"S p c 1 0\nX yz": "\"X\" is none of",
	} {
		_, err := usage.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
	}
}

// The two halves share no unit, and together they are all.
func TestHalves(t *testing.T) {
	all, err := usage.Load("../../data/usage/*.txt")
	require.NoError(t, err)
	require.Len(t, all, 118)
	choosing, reported := usage.Halves(all)
	require.Len(t, all, len(choosing)+len(reported))
	require.InDelta(t, len(choosing), len(reported), 2)
	units := map[string]bool{}
	for _, s := range choosing {
		units[s.Unit] = true
	}
	for _, s := range reported {
		require.False(t, units[s.Unit], s.Unit)
	}
}
