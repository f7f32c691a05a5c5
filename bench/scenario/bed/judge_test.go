package bed_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/scenario"
	"github.com/go-holmes/holmes/bench/scenario/bed"
)

// An event of the tests, begun and decided so many seconds after the fault.
type told struct {
	signal         holmes.Signal
	state          holmes.State
	begun, decided int
	confident      bool
	culprits       []string
}

// left writes the files of a child.
func left(t *testing.T, events ...told) (dir string) {
	t.Helper()
	dir = t.TempDir()
	fault := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	notes := fmt.Sprintf(`{"fault_at":%q,"rounds":2}`, fault.Format(time.RFC3339))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "notes.json"), []byte(notes), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "dump", "blackbox"), 0o700))
	for i, e := range events {
		ev := holmes.Event{
			ID: fmt.Sprintf("%d-%s", i, e.signal), State: e.state, At: fault.Add(time.Duration(e.begun) * time.Second),
			Trigger: holmes.Trigger{Sample: holmes.Sample{
				Signal: e.signal, At: fault.Add(time.Duration(e.decided) * time.Second),
			}},
			Diagnosis: diagnose.Verdict{Sentence: "a sentence", Confident: e.confident},
		}
		for _, f := range e.culprits {
			ev.Diagnosis.Culprits = append(ev.Diagnosis.Culprits, diagnose.Culprit{Function: scenario.Module + "/shop/" + f})
		}
		raw := testkit.Must(ev.MarshalJSON())(t)
		folder := filepath.Join(dir, "dump", ev.ID)
		require.NoError(t, os.Mkdir(folder, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(folder, "event.json"), raw, 0o600))
	}
	return dir
}

func TestJudgeOfAFault(t *testing.T) {
	s := scenario.Scenario{Name: "f", Signals: []holmes.Signal{holmes.SignalCPU, holmes.SignalMem}, Guilty: []string{"a.b"}}
	sure := func(culprits ...string) told {
		return told{holmes.SignalCPU, holmes.StateConfirmed, 1, 5, true, culprits}
	}
	for _, tt := range []struct {
		name   string
		events []told
		want   bed.Result
	}{
		{"nothing", nil, bed.Result{}},
		{"first", []told{sure("a.b", "x.y")}, bed.Result{Events: 1, Rank: 1, Confident: true}},
		{"second, and so an innocent is named", []told{sure("x.y", "a.b.func1")}, bed.Result{Events: 1, Rank: 2, Confident: true, Wrong: true}},
		{"nowhere", []told{sure("x.y")}, bed.Result{Events: 1, Confident: true, Wrong: true}},
		{
			"no confidence",
			[]told{{holmes.SignalMem, holmes.StateConfirmed, 1, 5, false, []string{"x.y", "z.z", "a.b"}}},
			bed.Result{Events: 1, Rank: 3},
		},
		{
			"begun before the fault, of another signal, or never decided",
			[]told{
				{holmes.SignalCPU, holmes.StateConfirmed, -1, 5, true, []string{"a.b"}},
				{holmes.SignalThread, holmes.StateConfirmed, 1, 5, true, []string{"a.b"}},
				{holmes.SignalCPU, holmes.StateUnconfirmed, 1, 5, true, []string{"a.b"}},
				{holmes.SignalCPU, holmes.StateDismissed, 1, 5, true, []string{"a.b"}},
			},
			bed.Result{Early: 1},
		},
		{
			"the first decided counts",
			[]told{
				{holmes.SignalCPU, holmes.StateConfirmed, 1, 9, true, []string{"a.b"}},
				{holmes.SignalMem, holmes.StateConfirmed, 2, 4, true, []string{"x.y"}},
			},
			bed.Result{Events: 2, Confident: true, Wrong: true},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := testkit.Must(bed.Judge(s, left(t, tt.events...)))(t)
			require.Equal(t, uint64(2), got.Rounds)
			require.Equal(t, tt.want.Events > 0, got.Captured())
			got.Rounds, got.Signal, got.Sentence, got.After = 0, "", "", 0
			require.Equal(t, tt.want, got)
		})
	}
}

func TestJudgeOfAControl(t *testing.T) {
	s := scenario.Scenario{Name: "control/c"}
	unsure := told{holmes.SignalCPU, holmes.StateConfirmed, -3, -1, false, []string{"x.y"}}
	r := testkit.Must(bed.Judge(s, left(t, unsure, unsure)))(t)
	require.Equal(t, 2, r.Events)
	require.False(t, r.Confident || r.Wrong)
	named := told{"manual", holmes.StateConfirmed, 20, 25, true, []string{"x.y"}}
	r = testkit.Must(bed.Judge(s, left(t, unsure, named)))(t)
	require.True(t, r.Confident && r.Wrong, "any event, whatever its signal")
	require.Equal(t, holmes.Signal("manual"), r.Signal)
	named.state = holmes.StateDismissed
	r = testkit.Must(bed.Judge(s, left(t, unsure, named)))(t)
	require.False(t, r.Confident, "the event was not reported")
}

func TestJudgeOfNothing(t *testing.T) {
	require.ErrorIs(t, testkit.Err(bed.Judge(scenario.Scenario{}, t.TempDir())), os.ErrNotExist)
}
