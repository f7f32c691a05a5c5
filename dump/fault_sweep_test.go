package dump_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The n-th operation on the disk fails, for every n (every ninth in the usual run),
// once or from then on, and the life of the events goes on all the same. When the disk
// works again, no unfinished file is left, closed events are complete, delivered ones
// wait no more, and the budget is right.
func TestEveryOperationFails(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		onward bool
		only   string // kind of operation
	}{
		"once":                {err: syscall.EIO},
		"from then on":        {err: syscall.EIO, onward: true},
		"short write":         {err: io.ErrShortWrite, only: "write"},
		"no descriptors":      {err: syscall.EMFILE, only: "open", onward: true},
		"directories only":    {err: syscall.EMFILE, only: "opendir", onward: true},
		"removal":             {err: syscall.EACCES, only: "remove", onward: true},
		"renaming":            {err: syscall.EACCES, only: "rename", onward: true},
		"nothing can be seen": {err: syscall.EACCES, only: "stat", onward: true},
		"no syncs":            {err: syscall.EIO, only: "sync", onward: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 1
			for ; ; n += testkit.Heavy(1, 9) {
				disk := &faults{}
				hit := 0
				disk.set(func(_ int, op, _ string) error {
					if c.only != "" && op != c.only {
						return nil
					}
					hit++
					if hit == n || c.onward && hit > n {
						return c.err
					}
					return nil
				})
				faultyStory(t, disk, fmt.Sprintf("operation %d", n))
				if hit < n {
					break
				}
			}
			t.Logf("%d operations", n)
			require.Greater(t, n, 2)
		})
	}
}

// faultyStory takes some events through their lives on a failing disk, and checks the
// directory when the disk works again.
func faultyStory(t *testing.T, disk *faults, when string) {
	t.Helper()
	dir := testkit.FastDir(t)
	o := dump.Options{MaxEvents: 3, MaxBytes: 200_000, KeepFree: -1, Fault: disk.fault}
	s, err := dump.Open(dir, o)
	for err != nil { // as the next event would
		s, err = dump.Open(dir, o)
		if err != nil {
			disk.heal()
		}
	}
	var done, delivered []string
	for n := range 5 {
		id, whole, taken := life(s, n)
		if whole {
			done = append(done, id)
		}
		if taken {
			delivered = append(delivered, id)
		}
	}
	disk.heal()

	require.NoError(t, s.RetryMarks(), when)
	require.NoError(t, s.Tidy(), when)
	finishAll(t, s, when)
	for _, id := range delivered {
		for _, to := range []string{"a", "b"} {
			waiting, err := s.Waiting(to)
			require.NoError(t, err, when)
			require.NotContains(t, waiting, id, when)
		}
	}
	ids := testkit.Must(s.List())(t)
	for _, id := range ids {
		require.NoError(t, s.Check(id), when)
	}
	if len(done) > 0 && (len(ids) < o.MaxEvents || ids[0] <= done[len(done)-1]) { // else newer ones have its space
		require.Contains(t, ids, done[len(done)-1], "%s: what was closed is there", when)
	}
	id, whole, taken := life(s, 9)
	require.True(t, whole && taken, when)
	require.NoError(t, s.Check(id), when)
	require.Equal(t, weight(t, dir), s.Usage().Bytes, when)
	require.NoError(t, s.Close(), when)
	for name := range tree(t, dir) {
		require.NotRegexp(t, `\.(tmp|gone)$|\.sums$`, name, when)
		if s.Usage().Waiting == 0 {
			require.NotRegexp(t, `\.owner-[0-9a-f]+\.lock$`, name, when)
		}
	}
}

// life is the life of an event. whole says that it was closed without an error,
// delivered that both reporters are done with it.
func life(s *dump.Store, n int) (id string, whole, delivered bool) {
	id = eventID(n)
	e, err := s.Create(id, "a", "b")
	if err != nil {
		return id, false, false
	}
	_, _ = e.Replace("event.json", text("suspected"))
	_, _ = e.Write("cpu.pb.gz", text(pattern(n)))
	_, _ = e.Replace("event.json", text("confirmed"))
	if e.Close(dump.Class{Series: "cpu", Height: float64(n)}) == nil {
		whole = true
	}
	release, err := s.Take(id, "a")
	if err != nil {
		return id, whole, false
	}
	if s.Check(id) == nil {
		_ = s.Delivered(id, "a")
		_ = s.Refused(id, "b", "too large")
		delivered = true
	}
	release()
	return id, whole, delivered
}

// finishAll completes the unfinished events.
func finishAll(t *testing.T, s *dump.Store, when string) {
	t.Helper()
	got, err := s.Adopt("a", "b")
	require.NoError(t, err, when)
	for _, id := range got.Unfinished {
		e, err := s.Reopen(id)
		if errors.Is(err, dump.ErrDamaged) {
			t.Fatalf("%s: %v", when, err)
		}
		require.NoError(t, err, when)
		require.NoError(t, e.Close(dump.Class{}), when)
	}
	require.False(t, s.Orphaned(), when)
	require.Empty(t, strings.Join(temps(t, s.Dir()), " "), when)
}

// temps returns the files that are not finished.
func temps(t *testing.T, dir string) []string {
	t.Helper()
	found := testkit.Must(filepath.Glob(filepath.Join(dir, "*", ".*.tmp")))(t)
	return found
}
