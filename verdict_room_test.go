package holmes_test

import (
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A verdict is made of the profiles for which there is memory at that moment, and the
// event says which were left out. What it takes is in the event's cost.
func TestVerdictNeedsRoom(t *testing.T) {
	heap := proftest.Real(t)["golangci-heap"] // 1.6 MB are asked for, for the baseline twice as much
	for _, tt := range []struct {
		name              string
		room              uint64
		sentence, caveat  string
		compared, verdict bool
	}{
		{name: "all", room: 64 << 20, sentence: "no clear culprit", compared: true, verdict: true},
		{name: "the event's own", room: 2 << 20, sentence: "no clear culprit", caveat: "the profiles of calm times were left out", verdict: true},
		{name: "none", room: 1 << 20, sentence: "no verdict, which would not fit into the memory that is left: it needs about 1"},
	} {
		testkit.Bubble(t, tt.name, func(t *testing.T) {
			l := newLab(t, holmes.WithBaseline(10*time.Second))
			l.Disable(holmes.SignalMem)
			var full atomic.Bool
			l.SetCapture(holmes.KindHeap, 0, func(w io.Writer) error {
				if full.Load() { // from the capture on
					l.host.Memory(1<<30 - tt.room)
				}
				return testkit.Err(w.Write(heap))
			})
			l.SetCapture(holmes.KindGoroutine, 0, writes(heap))
			l.run(t)
			seconds(120)
			require.Greater(t, l.Stats().Baseline.Rounds, uint64(2))
			before := l.Stats().Cost
			full.Store(true)
			e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap))(t)
			require.NotNil(t, e.Profile(holmes.KindHeap), "%v", e.Profiles)
			require.Contains(t, e.Sentence(), tt.sentence)
			require.Equal(t, tt.compared, e.Diagnosis.Compared != "", "%+v", e.Diagnosis)
			if tt.caveat != "" {
				require.Len(t, e.Diagnosis.Caveats, 1)
				require.Contains(t, e.Diagnosis.Caveats[0], tt.caveat)
			}
			after := l.Stats().Cost
			require.Equal(t, e.Cost.AllocBytes, after.CaptureAllocBytes-before.CaptureAllocBytes)
			if tt.verdict {
				require.Greater(t, e.Cost.PredictedBytes, uint64(1<<20))
				require.Greater(t, e.Cost.AllocBytes, uint64(512<<10))
			} else {
				require.Zero(t, e.Cost.PredictedBytes)
			}
		})
	}
}
