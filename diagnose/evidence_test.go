package diagnose_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func TestDiagnoseLooksAtWhatTellsOfTheSignal(t *testing.T) {
	calm := &diagnose.Baseline{Snapshot: diagnose.Snapshot{
		CPU:  cpu(time.Second).ticks("main.steady", 100).parsed(),
		Heap: heap().objects("main.cache", 60, 1<<20).parsed(),
	}}
	event := diagnose.Snapshot{
		CPU:  cpu(time.Second).ticks("main.steady", 100).ticks("main.burn", 100).parsed(),
		Heap: heap().objects("main.cache", 60, 1<<20).objects("main.keep", 60, 1<<20).parsed(),
	}
	for _, tt := range []struct {
		signal, want string
		kinds        []string
	}{
		{"cpu", "main.burn", nil},
		{"schedlat", "main.burn", nil},
		{"gcheap", "main.keep", nil},
		{"mem", "main.keep", nil},
		{"queue depth", "main.keep", []string{"block", "heap", "cpu"}},
		{"queue depth", "main.burn", nil},
	} {
		v := diagnose.Diagnose(diagnose.Case{Signal: tt.signal, Kinds: tt.kinds, Event: event, Baseline: calm}, diagnose.Options{})
		require.Equal(t, tt.want, v.Culprits[0].Function, tt.signal)
		require.True(t, v.Confident, v.Sentence)
		v = diagnose.Diagnose(diagnose.Case{Signal: tt.signal, Kinds: tt.kinds, Event: event}, diagnose.Options{})
		require.False(t, v.Confident, v.Sentence)
	}
}

func TestDiagnoseNothing(t *testing.T) {
	for _, signal := range []string{"", "cpu", "mem", "gcheap", "goroutine", "thread", "gccpu", "schedlat", "mutexwait", "own"} {
		v := diagnose.Diagnose(diagnose.Case{Signal: signal}, diagnose.Options{})
		require.Equal(t, "no clear culprit: no profile of the event to read", v.Sentence)
	}
}
