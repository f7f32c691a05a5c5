package main_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/program"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deadline bounds the time until a program yields its profile: some readings to be
// warm, 15 s of hold, a CPU profile, and a slow machine.
const deadline = 90 * time.Second

// Each program yields the profile of its fault, in an event of its signal.
func TestProgramsYieldTheirProfile(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "compat")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, c := range map[string]struct {
		requests     []string
		times        int           // of the last request
		every        time.Duration // between two of them
		kind, signal string
	}{
		"leakslices": {[]string{"/slice"}, 20, 20 * time.Millisecond, "heap", "mem"},
		"chanblock":  {[]string{"/block"}, 300, 0, "goroutine", "goroutine"},
		"cpuexplode": {[]string{"/explode"}, 10, 0, "cpu", "cpu"},
		"deadlock":   {[]string{"/deadlock", "/request"}, 300, 0, "goroutine", "goroutine"},
		"deadloop":   {[]string{"/loop"}, 2, 0, "cpu", "cpu"},
		"slowleak":   {[]string{"/leak"}, 600, 20 * time.Millisecond, "goroutine", "goroutine"},
		"threads":    {[]string{"/threads"}, 1, 0, "threadcreate", "thread"},
		"gcheap":     {[]string{"/grow"}, 60, 20 * time.Millisecond, "heap", "gcheap"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := run(t, bin, name)
			p.expect("warm")
			stop := p.load(c.requests, c.times, c.every)
			defer stop()
			line := p.expect("profile "+c.kind+" ", "-"+c.signal+"-")
			t.Log(line)
			fields := strings.Split(line, ", ")
			info, err := os.Stat(fields[len(fields)-1])
			require.NoError(t, err, "its file")
			require.Positive(t, info.Size())
		})
	}
}

// A service is a program under test.
type service struct {
	t       *testing.T
	ctx     context.Context //nolint:containedctx // of the test
	lines   *bufio.Scanner
	address string
}

// run starts a program that ends with the test.
func run(t *testing.T, exe, name string) *service {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	cmd := exec.CommandContext(ctx, exe, name, filepath.Join(t.TempDir(), "dump"))
	cmd.Stderr = os.Stderr
	cmd.WaitDelay = time.Second
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill() // a dead loop does not end by itself
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait() // killed, as intended
		cancel()
	})
	p := &service{t: t, ctx: ctx, lines: bufio.NewScanner(stdout)}
	p.address = strings.TrimPrefix(p.expect("address "), "address ")
	return p
}

// expect waits for a line with all of these texts.
func (p *service) expect(texts ...string) string {
	p.t.Helper()
	for p.lines.Scan() {
		line, has := p.lines.Text(), true
		for _, text := range texts {
			has = has && strings.Contains(line, text)
		}
		if has {
			return line
		}
	}
	p.t.Fatalf("the program ended, or was ended after %v, without %q", deadline, texts)
	return ""
}

// load sends requests that may never be answered, the last one many times. It
// returns a function that ends them.
func (p *service) load(paths []string, times int, every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(p.ctx)
	client := &http.Client{Transport: &http.Transport{}}
	var all sync.WaitGroup
	get := func(path string) {
		_ = program.Get(ctx, client, "http://"+p.address+path) // the end of the test may cancel it
	}
	last := len(paths) - 1
	for _, path := range paths[:last] {
		get(path)
	}
	all.Go(func() {
		pause := time.NewTicker(max(every, time.Microsecond))
		defer pause.Stop()
		for range times {
			all.Go(func() { get(paths[last]) })
			<-pause.C
		}
	})
	return func() {
		cancel()
		all.Wait()
		client.CloseIdleConnections()
	}
}
