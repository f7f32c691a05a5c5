package blackbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

// TestMain also is the main function of the processes that some tests start.
func TestMain(m *testing.M) { testkit.Main(m, jobEnv, child) }

// root opens a directory until the end of the test.
func root(t testing.TB, dir string) *os.Root {
	t.Helper()
	r := testkit.Must(os.OpenRoot(dir))(t)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// open opens a box that is closed at the end.
func open(t testing.TB, dir, name string, c blackbox.Config) *blackbox.Box {
	t.Helper()
	b, err := blackbox.Open(root(t, dir), name, c)
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip("boxes live in memory here")
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = b.Close(context.Background()) })
	return b
}

// sample returns a reading whose values all follow from n.
func sample(n uint64) blackbox.Sample {
	return blackbox.Sample{
		CPU: float64(n), Memory: n + 1, MemoryLimit: n + 2, HeapLive: n + 3, HeapGoal: n + 4,
		Goroutines: n + 5, Threads: n + 6, GCCycles: n + 7,
		Extra: [4]float64{float64(n + 8), float64(n + 9), float64(n + 10), float64(n + 11)},
	}
}

// eventText is as long as a record holds, and follows from n in each part.
func eventText(n uint64) string { return fmt.Sprintf("%0160d", n) }

// put records the n-th sample and, every third time, the n-th event.
func put(b *blackbox.Box, n uint64) {
	now := time.Unix(0, int64(n)) // any will do, and the clock is slow
	s := sample(n)
	b.Sample(now, &s)
	if n%3 == 0 {
		b.Event(now, fmt.Sprint("event-", n), eventText(n))
	}
}

// requireWhole asserts that every record holds what put wrote, that none is
// missing between two others, and returns the last sample's n.
func requireWhole(t testing.TB, c *blackbox.Contents) (last uint64) {
	t.Helper()
	var lastEvent uint64
	for _, r := range c.Records {
		switch r.Kind {
		case blackbox.KindSample:
			n := uint64(r.Sample.CPU)
			require.Equal(t, sample(n), r.Sample)
			require.EqualValues(t, n, r.At.UnixNano())
			if last > 0 {
				require.Equal(t, last+1, n)
			}
			last = n
		case blackbox.KindEvent:
			var n uint64
			require.NoError(t, testkit.Err(fmt.Sscanf(r.ID, "event-%d", &n)))
			require.Equal(t, eventText(n), r.Text)
			if lastEvent > 0 {
				require.Equal(t, lastEvent+3, n)
			}
			lastEvent = n
		default:
			require.Fail(t, "a record of no kind", "%+v", r)
		}
	}
	return last
}

// files returns the names in a directory.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries := testkit.Must(os.ReadDir(dir))(t)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// adopt takes over the files of dead processes.
func adopt(t testing.TB, dir string, limit int) (orphans []*blackbox.Orphan, dropped uint64) {
	t.Helper()
	orphans, dropped, err := blackbox.Adopt(root(t, dir), blackbox.Claim{Runs: limit})
	require.NoError(t, err)
	return orphans, dropped
}

// read reads the box "run".
func read(t testing.TB, dir string) *blackbox.Contents {
	t.Helper()
	c := testkit.Must(blackbox.Read(filepath.Join(dir, "run.box")))(t)
	return c
}
