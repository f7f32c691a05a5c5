package bed_test

import (
	"strings"
	"testing"

	"github.com/go-holmes/holmes"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/bed"
)

func TestRows(t *testing.T) {
	fault := scenario.Scenario{Name: "hot-loop", Signals: []holmes.Signal{holmes.SignalCPU}}
	results := []bed.Result{
		{Events: 1, Signal: "cpu", Rank: 1, Confident: true, Sentence: "a is it"},
		{},
		{Events: 2, Signal: "gccpu", Rank: 3, Confident: true, Wrong: true, Sentence: "b | c"},
	}
	require.Equal(t, `| hot-loop | cpu, gccpu | 3 | 2 | 1 | 2 | 2 | 1 | b \| c |`, bed.Row{Scenario: fault, Results: results}.String())
	require.Equal(t, "| hot-loop | - | 1 | 0 | 0 | 0 | 0 | 0 | no event |", bed.Row{Scenario: fault, Results: results[1:2]}.String())
	calm := scenario.Scenario{Name: "control/calm"}
	require.Equal(t, "| calm | cpu, gccpu | 3 | 3 | 2 | b \\| c |", bed.Row{Scenario: calm, Results: results}.String())
	for _, head := range []string{bed.FaultHead, bed.ControlHead} {
		top, below, _ := strings.Cut(head, "\n")
		require.Equal(t, strings.Count(top, "|"), strings.Count(below, "|"))
	}
}

func TestBoundsOfATable(t *testing.T) {
	fault := func(firsts, seconds, none int) (r bed.Row) {
		r.Scenario = scenario.Scenario{Name: "f", Signals: []holmes.Signal{holmes.SignalCPU}}
		for range firsts {
			r.Results = append(r.Results, bed.Result{Events: 1, Rank: 1})
		}
		for range seconds {
			r.Results = append(r.Results, bed.Result{Events: 1, Rank: 2})
		}
		r.Results = append(r.Results, make([]bed.Result, none)...)
		return r
	}
	control := func(confident bool) bed.Row {
		return bed.Row{Scenario: scenario.Scenario{Name: "control/c"}, Results: []bed.Result{{Events: 1, Confident: confident}}}
	}
	for _, tt := range []struct {
		name  string
		table bed.Table
		keeps bool
	}{
		{"all at their bounds", bed.Table{fault(85, 10, 5), control(false)}, true},
		{"over rows, not in each", bed.Table{fault(1, 3, 0), fault(90, 2, 4), control(false)}, true},
		{"too few first", bed.Table{fault(84, 11, 5)}, false},
		{"too few within three", bed.Table{fault(94, 0, 6)}, false},
		{"a name in a control", bed.Table{fault(100, 0, 0), control(true)}, false},
		{"controls alone", bed.Table{control(false)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			err := tt.table.Sum(&out)
			if tt.keeps {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, bed.ErrBounds)
			}
			require.Contains(t, out.String(), " runs with")
		})
	}
}
