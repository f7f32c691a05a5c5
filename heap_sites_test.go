package holmes_test

import (
	"bytes"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A heap profile that does not fit is replaced by the sites that hold the most memory,
// in a profile that `go tool pprof` reads and whose sum is that of the whole one.
func TestLargestSitesReplaceAHeapProfile(t *testing.T) {
	held := hold()
	runtime.GC()
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a profile is that of the last collection
	h := started(t, holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(testLog{t}), holmes.WithBaseline(0), holmes.WithForcedGC(false))
	h.SetCapture(holmes.KindHeap, 1<<30, func(io.Writer) error { t.Error("it does not fit"); return nil })
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindHeap))(t)
	p := e.Profile(holmes.KindHeap)
	require.NotNil(t, p, "%v", e.Profiles)
	require.Regexp(t, `only the \d+ largest of \d+ sites that hold memory: a whole profile would cost too much`, p.Note)
	require.NotZero(t, e.Cost.PredictedBytes)
	require.LessOrEqual(t, e.Cost.PredictedBytes, uint64(4<<20))

	f := testkit.Must(os.Open(p.Path))(t)
	defer f.Close()
	got := testkit.Must(profile.Parse(f))(t)
	require.NoError(t, got.CheckValid())
	require.Len(t, got.SampleType, 4)
	require.Equal(t, "inuse_space", got.SampleType[3].Type)
	require.EqualValues(t, runtime.MemProfileRate, got.Period)
	require.WithinDuration(t, time.Now(), time.Unix(0, got.TimeNanos), time.Hour)
	var whole bytes.Buffer
	require.NoError(t, pprof.Lookup("heap").WriteTo(&whole, 0))
	require.Equal(t, inUse(testkit.Must(profile.Parse(&whole))(t)), inUse(got))
	var inHold int64
	for _, s := range got.Sample {
		if len(s.Location) > 0 && s.Location[0].Line[0].Function.Name == "github.com/go-holmes/holmes_test.hold" {
			inHold += s.Value[3]
		}
	}
	require.InDelta(t, 64<<20, inHold, 1<<20, "each block is sampled")
	runtime.KeepAlive(held)
}

func inUse(p *profile.Profile) (sum int64) {
	for _, s := range p.Sample {
		sum += s.Value[3]
	}
	return sum
}

//go:noinline
func hold() (blocks [][]byte) {
	for range 16 {
		blocks = append(blocks, make([]byte, 4<<20))
	}
	return blocks
}
