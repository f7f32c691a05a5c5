package dump_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

const (
	burst = 40 // processes
	// burstFiles are the files of an event, some of which are written twice.
	burstFiles = 5
)

// childBurst makes events when the parent says so, all in one directory, and prints
// what the operations of one were.
func childBurst(events string) error {
	n, err := strconv.Atoi(events)
	if err != nil {
		return err
	}
	count := map[string]int{}
	s, err := dump.Open(os.Getenv(childDir), dump.Options{Fault: func(op, name string) error {
		if op == "readdir" || op == "lock" && name == ".lock" {
			count[op]++
		}
		return nil
	}})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	clear(count)
	for range n {
		if err := burstEvent(s); err != nil {
			return err
		}
	}
	fmt.Println("locks", count["lock"]/n, "lists", count["readdir"]/n)
	return nil
}

func burstEvent(s *dump.Store) error {
	e, err := s.Create(fmt.Sprintf("%s-%d", time.Now().UTC().Format(dump.IDLayout), os.Getpid()), "a")
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		size int
	}{
		{"event.json", 2000},
		{"heap.pb.gz", 150_000},
		{"goroutine.pb.gz", 20_000},
		{"threadcreate.pb.gz", 700},
		{"event.json", 4000},
		{"summary.txt", 3000},
		{"event.json", 4000},
	} {
		if _, err := e.Replace(f.name, fill(f.size)); err != nil {
			return err
		}
	}
	return e.Close(dump.Class{Series: "mem", Kind: "mem abs"})
}

// Forty processes that have an event at the same moment, all in one directory, take
// together at most three times as long as one process for forty events, and none is
// refused: the best of five pairs, in the long form. An event takes the lock of the directory once for each of seven writes, to
// create it and to close it, and scans nothing but itself, three times.
func TestManyProcessesHaveAnEventAtOnce(t *testing.T) {
	const want = "locks 9 lists 3"
	run := func(processes, events int) time.Duration {
		dir := testkit.FastDir(t)
		children := make([]*testkit.Child, processes)
		for i := range children {
			children[i] = start(t, fmt.Sprint("burst ", events), dir)
		}
		for _, c := range children {
			require.Equal(t, "ready", c.Line(t))
		}
		begin := time.Now()
		for _, c := range children {
			require.NoError(t, c.Stdin.Close())
		}
		for _, c := range children {
			require.Equal(t, want, c.Line(t))
		}
		took := time.Since(begin)
		for _, c := range children {
			require.NoError(t, c.Wait())
		}
		s := openStore(t, dir, dump.Options{})
		ids := testkit.Must(s.List())(t)
		require.Len(t, ids, burst)
		for _, id := range ids {
			require.NoError(t, s.Check(id))
			require.Len(t, visible(t, s.Path(id)), burstFiles)
		}
		require.Equal(t, weight(t, dir), s.Usage().Bytes)
		return took
	}
	best := math.Inf(1)
	for range testkit.Heavy(5, 1) {
		one, many := run(1, burst), run(burst, 1)
		t.Logf("one process %v, %d processes %v", one, burst, many)
		best = min(best, float64(many)/float64(one))
	}
	if testkit.IsHeavy() { // times are of a quiet machine
		require.Less(t, best, 3.0)
	}
}
