package storetest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// Kills are the options of [Kill].
type Kills struct {
	// Uploads is the number of uploads that have to be acknowledged.
	Uploads int
	// Life is how long a process lives at most after its first upload has begun; 2 s.
	// Every fourth process lives so long from its start, and may not get there.
	Life time.Duration
}

const (
	childEnv = "HOLMES_STORETEST_CHILD"
	startEnv = "HOLMES_STORETEST_START"
	senders  = 4
)

// Child runs the writing process if this is one that [Kill] has started, and
// ends it. Call it first in TestMain.
func Child(open Open) {
	place := os.Getenv(childEnv)
	if place == "" {
		return
	}
	if err := write(open, place); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:forbidigo // it is a process of its own
	}
	os.Exit(0) //nolint:forbidigo // it is a process of its own
}

// write uploads for as long as it lives, and prints a line when an upload begins
// and one when it is acknowledged. A pipe keeps both when the process is killed.
func write(open Open, place string) error {
	ctx := context.Background()
	store, err := open(ctx, place)
	if err != nil {
		return err
	}
	start, err := strconv.Atoi(os.Getenv(startEnv))
	if err != nil {
		return err
	}
	failed := make(chan error)
	for sender := range senders {
		go func() {
			for n := start + sender; ; n += senders {
				if err := writeOne(ctx, store, n); err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

// writeOne uploads the n-th record: an event, or a profile without a key.
func writeOne(ctx context.Context, store collector.Store, n int) error {
	s := &subject{n: n}
	if n%3 == 0 {
		e := s.event()
		say("begin event %s", e.ID)
		r, err := put(ctx, store, collector.Record{Key: collector.EventKey(e.ID), Event: e})
		if err == nil {
			say("stored event %s %s", e.ID, r.Profiles[0].ID)
		}
		return err
	}
	m := s.profile()
	r, err := put(ctx, store, collector.Record{Profile: &m})
	if err == nil {
		say("stored profile %s", r.Profiles[0].ID)
	}
	return err
}

// say prints a line for the process that reads it.
func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) // the reader may be gone, as this process soon is
}

// A tally is the sum of the lines of all processes.
type tally struct {
	begun, events map[string]bool // event IDs
	profiles      map[string]bool // profile IDs
}

func (c *tally) hear(line string) {
	words := strings.Fields(line)
	switch {
	case len(words) == 3 && words[0] == "begin":
		c.begun[words[2]] = true
	case len(words) == 4 && words[1] == "event":
		c.events[words[2]], c.profiles[words[3]] = true, true
	case len(words) == 3 && words[1] == "profile":
		c.profiles[words[2]] = true
	}
}

// Kill kills the writing process again and again. It checks that each acknowledged
// upload is stored once and complete, and that events which were not acknowledged
// can be sent again. The test binary starts itself for that: see [Child].
func Kill(t *testing.T, subj Subject, k Kills) {
	t.Helper()
	if k.Life == 0 {
		k.Life = 2 * time.Second
	}
	place, random := subj.place(t), rand.New(rand.NewPCG(5, 6))
	c := &tally{begun: map[string]bool{}, events: map[string]bool{}, profiles: map[string]bool{}}
	lives := 0
	for ; len(c.profiles) < k.Uploads; lives++ {
		live(t, place, c, lives, time.Duration(random.Int64N(int64(k.Life))))
	}
	t.Logf("%d uploads acknowledged over %d lives", len(c.profiles), lives)
	s := &subject{T: t, open: subj.Open, place: place, n: 900_000_000}
	s.start()
	defer func() { require.NoError(t, s.Close()) }()
	s.requireTally(c)
	// The sender repeats the events that were not acknowledged.
	for id := range c.begun {
		if c.events[id] {
			continue
		}
		e := s.event()
		e.ID = id
		for i := range e.Profiles {
			e.Profiles[i].Event = id
		}
		_, err := put(t.Context(), s.Store, collector.Record{Key: collector.EventKey(id), Event: e})
		require.NoError(t, err)
		c.events[id] = true
	}
	s.requireTally(c)
}

// live starts the n-th process, reads its output, and kills it after a while.
func live(t *testing.T, place string, c *tally, n int, life time.Duration) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+place, startEnv+"="+strconv.Itoa(n*1_000_000))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	dying := n%4 == 3
	kill := func() { time.AfterFunc(life, func() { _ = cmd.Process.Kill() }) }
	if dying {
		kill()
	}
	lines := bufio.NewScanner(out)
	for ; lines.Scan(); dying = true {
		c.hear(lines.Text())
		if !dying {
			kill()
		}
	}
	require.ErrorContains(t, cmd.Wait(), "killed")
}

// requireTally checks that each acknowledged upload is stored once and complete.
func (s *subject) requireTally(c *tally) {
	s.Helper()
	times := map[string]int{}
	for _, m := range s.found(collector.Query{}) {
		times[m.ID]++
		f, err := s.Open(s.Context(), m.ID)
		require.NoError(s, err)
		raw, err := io.ReadAll(f)
		require.NoError(s, err)
		require.Equal(s, contentOf(&m), string(raw))
		require.NoError(s, f.Close())
	}
	for id := range c.profiles {
		require.Equal(s, 1, times[id], id)
	}
	events := map[string]int{}
	for _, e := range s.foundEvents(collector.EventQuery{}) {
		events[e.ID]++
		require.True(s, c.begun[e.ID])
		require.Len(s, e.Profiles, 2)
	}
	for id := range c.events {
		require.Equal(s, 1, events[id], id)
	}
	for id, n := range events {
		require.Equal(s, 1, n, id)
	}
}
