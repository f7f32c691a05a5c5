package dump_test

import (
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// These tests start the test binary again, as a process that does one job in
// the directory childDir.
const (
	childEnv = "HOLMES_DUMP_TEST_JOB"
	childDir = "HOLMES_DUMP_TEST_DIR"
)

// jobs are those that only some systems have. They open the directory themselves.
var jobs = map[string]func(dir string) error{}

// child does a job, and prints what the parent waits for.
func child(job string) error {
	if run := jobs[job]; run != nil {
		return run(os.Getenv(childDir))
	}
	if where, ok := strings.CutPrefix(job, "stuck "); ok {
		return childStuck(where)
	}
	if events, ok := strings.CutPrefix(job, "burst "); ok {
		return childBurst(events)
	}
	s, err := dump.Open(os.Getenv(childDir), dump.Options{})
	if err != nil {
		return err
	}
	return map[string]func(*dump.Store) error{
		"race": childRace, "hold": childHold, "write": childWrite, "budget": childBudget,
	}[job](s)
}

func start(t *testing.T, job, dir string) *testkit.Child {
	t.Helper()
	return testkit.Start(t, childEnv+"="+job, childDir+"="+dir)
}

const raced = 80 // events that both children make

func childRace(s *dump.Store) error {
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent lets both go
	for n := range raced {
		e, err := s.Create(eventID(n))
		if errors.Is(err, dump.ErrExists) {
			continue
		}
		if err != nil {
			return err
		}
		fmt.Println(e.ID())
	}
	return nil
}

func TestTwoProcessesCreateTheSameEvents(t *testing.T) {
	dir := t.TempDir()
	children := []*testkit.Child{start(t, "race", dir), start(t, "race", dir)}
	for _, c := range children {
		require.Equal(t, "ready", c.Line(t))
	}
	for _, c := range children {
		require.NoError(t, c.Stdin.Close())
	}
	owner := map[string]int{}
	for i, c := range children {
		for c.Lines.Scan() {
			require.NotContains(t, owner, c.Lines.Text())
			owner[c.Lines.Text()] = i
		}
		require.NoError(t, c.Wait())
	}
	require.Len(t, owner, raced)
}

func childHold(s *dump.Store) error {
	e, err := s.Create(eventID(1), "r")
	if err != nil {
		return err
	}
	if _, err := e.Write("cpu.pb.gz", text("evidence")); err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func TestEventOfALiveProcessStays(t *testing.T) {
	dir := t.TempDir()
	c := start(t, "hold", dir)
	require.Equal(t, "open", c.Line(t))

	s := openStore(t, dir, dump.Options{MaxEvents: 1})
	_, err := s.Create(eventID(2))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.ErrorContains(t, err, eventID(1)) // the error names the event in use
	requireEvents(t, s, 1)

	c.Kill(t)
	s = openStore(t, dir, dump.Options{MaxEvents: 1})
	requireEvents(t, s, 1) // its evidence is there still
	require.NoError(t, create(t, s, 2, 1).Close(dump.Class{}))
	requireEvents(t, s, 2)
}

// pattern is the content of a file of the writing child: any part of it that is
// cut or mixed up shows.
func pattern(n int) string {
	return strings.Repeat(fmt.Sprintf("event %d;", n), 2000) + "end"
}

func childWrite(s *dump.Store) error {
	if _, err := s.Adopt("a"); err != nil {
		return err
	}
	for n := range 100_000 {
		at := time.Now().UTC()
		e, err := s.Create(at.Format(dump.IDLayout)+"-cpu", "a", "b")
		if err != nil {
			return err
		}
		for _, name := range []string{"cpu.pb.gz", "event.json"} {
			if _, err := e.Replace(name, text(pattern(n))); err != nil {
				return err
			}
			fmt.Println(n)
		}
		if _, err := e.Replace("event.json", text(pattern(n+1))); err != nil {
			return err
		}
		if err := e.Close(dump.Class{Disposable: n%5 == 0}); err != nil {
			return err
		}
		if n%5 == 0 {
			continue
		}
		if err := errors.Join(s.Delivered(e.ID(), "a"), s.Refused(e.ID(), "b", "never")); err != nil {
			return err
		}
	}
	return nil
}

// A process killed at any instant leaves whole files only,
// and what it had open can be completed by the next one.
func TestKilledProcessLeavesWholeFiles(t *testing.T) {
	dir := testkit.FastDir(t)
	rng := mathrand.New(mathrand.NewPCG(1, 1))
	unfinished := 0
	for range testkit.Heavy(300, 10) {
		c := start(t, "write", dir)
		for range 1 + rng.IntN(30) {
			c.Line(t)
		}
		c.Kill(t)

		s := openStore(t, dir, dump.Options{})
		require.Empty(t, temps(t, dir))
		got := testkit.Must(s.Adopt("a", "b"))(t)
		unfinished += len(got.Unfinished)
		for _, id := range got.Unfinished {
			e := testkit.Must(s.Reopen(id))(t)
			require.NoError(t, e.Close(dump.Class{}))
		}
		ids := testkit.Must(s.List())(t)
		require.NotEmpty(t, ids)
		for _, id := range ids {
			require.NoError(t, s.Check(id))
			requireWhole(t, s.Path(id))
		}
		require.Equal(t, weight(t, dir), s.Usage().Bytes)
		require.NoError(t, s.Close())
		for name := range tree(t, dir) {
			require.NotRegexp(t, `\.(tmp|gone)$`, name)
		}
	}
	require.Positive(t, unfinished, "it was killed in between")
}

// requireWhole reads the files of a writing child.
func requireWhole(t *testing.T, dir string) {
	t.Helper()
	for name := range visible(t, dir) {
		got := testkit.Must(os.ReadFile(filepath.Join(dir, name)))(t)
		var n int
		require.NoError(t, testkit.Err(fmt.Sscanf(string(got), "event %d;", &n)), name)
		require.Equal(t, pattern(n), string(got), name)
	}
}

// A process that starts removes the remains of dead ones. It must not remove an event
// that is just being made or closed.
func TestEventsAreMadeWhileOthersStart(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 5})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := dump.Open(s.Dir(), dump.Options{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	defer wg.Wait()
	defer close(done)
	for n := range 30 {
		require.NoError(t, create(t, s, n, 100).Close(dump.Class{}))
	}
}

// Two processes with one small budget: neither loses what it has open.
func TestTwoStoresUnderPressure(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 2 {
		s := openStore(t, dir, dump.Options{MaxEvents: 4, MaxBytes: 8000})
		wg.Go(func() {
			for n := range 50 {
				if err := oneEvent(s, 2*n+i, n%4); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s := openStore(t, dir, dump.Options{})
	require.LessOrEqual(t, s.Usage().Events, 4)
	require.LessOrEqual(t, s.Usage().Bytes, int64(8000))
	for name := range tree(t, dir) {
		require.NotRegexp(t, `\.(tmp|gone)$`, name)
	}
}
