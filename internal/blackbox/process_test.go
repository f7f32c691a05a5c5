package blackbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

// These tests start the test binary again, as a process that does one job in
// a directory, with a box in a medium.
const (
	jobEnv    = "HOLMES_BLACKBOX_TEST_JOB"
	dirEnv    = "HOLMES_BLACKBOX_TEST_DIR"
	mediumEnv = "HOLMES_BLACKBOX_TEST_MEDIUM"
)

// child does a job, and prints what the parent waits for.
func child(job string) error {
	medium, _ := strconv.Atoi(os.Getenv(mediumEnv))
	dir, err := os.OpenRoot(os.Getenv(dirEnv))
	if err != nil {
		return err
	}
	jobs := map[string]func(*os.Root, blackbox.Config) error{
		"write": boxed(childWrite), "many": childMany, "adopt": childAdopt,
		"crash": boxed(childCrash), "fatal": boxed(childCrash), "calm": childCalm, "replaced": childReplaced,
	}
	maps.Copy(jobs, platformJobs())
	return jobs[job](dir, blackbox.Config{Medium: blackbox.Medium(medium)})
}

// boxed is a job with a box.
func boxed(do func(dir *os.Root, b *blackbox.Box) error) func(*os.Root, blackbox.Config) error {
	return func(dir *os.Root, c blackbox.Config) error {
		b, err := blackbox.Open(dir, "run", c)
		if err != nil {
			return err
		}
		return do(dir, b)
	}
}

func start(t *testing.T, name, dir string, m blackbox.Medium) *testkit.Child {
	t.Helper()
	return testkit.Start(t, jobEnv+"="+name, dirEnv+"="+dir, fmt.Sprintf("%s=%d", mediumEnv, m))
}

// childWrite writes without end, and prints what is safe.
func childWrite(_ *os.Root, b *blackbox.Box) error {
	for n := uint64(1); ; n++ {
		put(b, n)
		if n%512 == 0 {
			if err := b.Flush(context.Background()); err != nil {
				return err
			}
			fmt.Println(n)
		}
	}
}

// Killed at any instant: every record is whole, the last ones are there, and
// at most the one that was being written is torn.
func TestSIGKILL(t *testing.T) {
	kills := testkit.Heavy(100, 15)
	for _, m := range media() {
		t.Run(m.String(), func(t *testing.T) {
			torn, parent := 0, t.TempDir()
			for round := range kills {
				dir := filepath.Join(parent, strconv.Itoa(round))
				require.NoError(t, os.Mkdir(dir, 0o700))
				j := start(t, "write", dir, m)
				safe := j.Line(t)
				for range rand.N(20) {
					safe = j.Line(t)
				}
				for range rand.N(1000) {
					runtime.Gosched()
				}
				if last := j.Kill(t); last != "" {
					safe = last
				}
				want := testkit.Must(strconv.ParseUint(safe, 10, 64))(t)

				orphans, _ := adopt(t, dir, 1)
				require.Len(t, orphans, 1)
				c := orphans[0].Contents
				require.NoError(t, orphans[0].Err)
				require.False(t, c.Clean())
				require.GreaterOrEqual(t, requireWhole(t, c), want)
				require.GreaterOrEqual(t, len(c.Records), min(int(want), c.Samples)-1)
				require.LessOrEqual(t, c.Torn, 1)
				torn += c.Torn
				require.NoError(t, orphans[0].Remove(root(t, dir)))
				require.Empty(t, files(t, dir))
			}
			t.Logf("%d of %d kills tore a record", torn, kills)
		})
	}
}

const many = 40 // boxes of one dead process

func childMany(dir *os.Root, c blackbox.Config) error {
	for n := range many {
		b, err := blackbox.Open(dir, fmt.Sprintf("run-%02d", n), c)
		if err != nil {
			return err
		}
		put(b, uint64(n+1))
		if err := b.Flush(context.Background()); err != nil {
			return err
		}
	}
	fmt.Println("open")
	return testkit.Err(io.Copy(io.Discard, os.Stdin))
}

func childAdopt(dir *os.Root, _ blackbox.Config) error {
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent lets both go
	for range 50 {
		orphans, _, err := blackbox.Adopt(dir, blackbox.Claim{Runs: many})
		for _, o := range orphans {
			fmt.Println(o.Name)
			err = errors.Join(err, o.Err, o.Remove(dir))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func TestBoxOfTheLivingStays(t *testing.T) {
	dir := t.TempDir()
	ours := open(t, dir, "ours", blackbox.Config{})
	put(ours, 1)
	j := start(t, "many", dir, blackbox.Auto)
	require.Equal(t, "open", j.Line(t))
	orphans, dropped := adopt(t, dir, many)
	require.Empty(t, orphans)
	require.Zero(t, dropped)
	j.Kill(t)

	orphans, dropped = adopt(t, dir, 3)
	require.EqualValues(t, many-3, dropped)
	require.Len(t, orphans, 3)
	require.Equal(t, "run-37", orphans[0].Name)
	require.EqualValues(t, 40, requireWhole(t, orphans[2].Contents))
	require.Len(t, files(t, dir), 4)

	// No other process gets an orphan until it is released.
	others, _ := adopt(t, dir, 3)
	require.Empty(t, others)
	require.NoError(t, orphans[0].Release(root(t, dir)))
	others, _ = adopt(t, dir, 3)
	require.Len(t, others, 1)
	for _, o := range append(others, orphans[1:]...) {
		require.NoError(t, o.Remove(root(t, dir)))
		require.NoError(t, o.Remove(root(t, dir)), "a second time does nothing")
	}
	require.Equal(t, []string{"ours.box"}, files(t, dir))
}

// Of two processes that start together exactly one gets each box.
func TestTwoProcessesAdopt(t *testing.T) {
	dir := t.TempDir()
	j := start(t, "many", dir, blackbox.Auto)
	require.Equal(t, "open", j.Line(t))
	j.Kill(t)
	pair := []*testkit.Child{start(t, "adopt", dir, 0), start(t, "adopt", dir, 0)}
	for _, j := range pair {
		require.Equal(t, "ready", j.Line(t))
	}
	for _, j := range pair {
		require.NoError(t, j.Stdin.Close())
	}
	owner := map[string]int{}
	for i, j := range pair {
		for j.Lines.Scan() {
			require.NotContains(t, owner, j.Lines.Text())
			owner[j.Lines.Text()] = i
		}
		require.NoError(t, j.Wait())
	}
	require.Len(t, owner, many)
	require.Empty(t, files(t, dir))
}

// Files that are not ours are left alone; those of ours that say nothing go.
func TestAdoptClearsUp(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, age time.Duration) {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		at := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(path, at, at))
	}
	write("notes.txt", "", time.Hour)
	write(".hidden.box", "", time.Hour)
	write(".old.box.tmp", "", time.Hour)
	write(".new.box.tmp", "", 0)
	write("empty.crash", "", 0)
	write("garbage.box", "garbage", 0)
	require.NoError(t, os.Symlink("notes.txt", filepath.Join(dir, "link.box")))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.box"), 0o700))
	closed := testkit.Must(blackbox.Open(root(t, dir), "closed", blackbox.Config{}))(t)
	require.NoError(t, closed.Close(t.Context()))

	orphans, dropped, err := blackbox.Adopt(root(t, dir), blackbox.Claim{Runs: 10})
	require.ErrorContains(t, err, "link.box")
	require.ErrorContains(t, err, "folder.box")
	require.Zero(t, dropped)
	require.Len(t, orphans, 1)
	require.Equal(t, "garbage", orphans[0].Name)
	require.Nil(t, orphans[0].Contents)
	require.ErrorIs(t, orphans[0].Err, blackbox.ErrFormat)
	require.NoError(t, orphans[0].Remove(root(t, dir)))
	require.ElementsMatch(t, []string{"notes.txt", ".hidden.box", ".new.box.tmp", "link.box", "folder.box"}, files(t, dir))
}
