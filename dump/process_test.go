package dump_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
)

// These tests start the test binary again, as a process that does one job in
// the directory childDir.
const (
	childEnv = "HOLMES_DUMP_TEST_JOB"
	childDir = "HOLMES_DUMP_TEST_DIR"
)

// child does a job, prints what the parent waits for, and ends.
func child(job string) {
	s, err := dump.Open(os.Getenv(childDir), dump.Options{})
	if err == nil {
		err = map[string]func(*dump.Store) error{
			"race": childRace, "hold": childHold, "write": childWrite, "budget": childBudget,
		}[job](s)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A process is a child under way.
type process struct {
	*exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func start(t *testing.T, job, dir string) process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+job, childDir+"="+dir)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return process{cmd, in, bufio.NewScanner(out)}
}

// line returns the child's next line.
func (p process) line(t *testing.T) string {
	t.Helper()
	require.True(t, p.lines.Scan(), "the child ended early: %v", p.lines.Err())
	return p.lines.Text()
}

// kill ends the child as the kernel would.
func (p process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.Process.Kill())
	for p.lines.Scan() {
	}
	require.Error(t, p.Wait())
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
	children := []process{start(t, "race", dir), start(t, "race", dir)}
	for _, c := range children {
		require.Equal(t, "ready", c.line(t))
	}
	for _, c := range children {
		require.NoError(t, c.stdin.Close())
	}
	owner := map[string]int{}
	for i, c := range children {
		for c.lines.Scan() {
			require.NotContains(t, owner, c.lines.Text())
			owner[c.lines.Text()] = i
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
	require.Equal(t, "open", c.line(t))

	s := openStore(t, dir, dump.Options{MaxEvents: 1})
	_, err := s.Create(eventID(2))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.ErrorContains(t, err, eventID(1)) // the error names the event in use
	requireEvents(t, s, 1)

	c.kill(t)
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
	dir := fastDir(t)
	rng := mathrand.New(mathrand.NewPCG(1, 1))
	unfinished := 0
	for range runs(300, 15) {
		c := start(t, "write", dir)
		for range 1 + rng.IntN(30) {
			c.line(t)
		}
		c.kill(t)

		s := openStore(t, dir, dump.Options{})
		require.Empty(t, temps(t, dir))
		got, err := s.Adopt("a", "b")
		require.NoError(t, err)
		unfinished += len(got.Unfinished)
		for _, id := range got.Unfinished {
			e, err := s.Reopen(id)
			require.NoError(t, err)
			require.NoError(t, e.Close(dump.Class{}))
		}
		ids, err := s.List()
		require.NoError(t, err)
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
		got, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		var n int
		_, err = fmt.Sscanf(string(got), "event %d;", &n)
		require.NoError(t, err, name)
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
