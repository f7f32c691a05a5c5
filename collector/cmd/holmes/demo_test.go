package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/example/shop"
)

// watchedBuffer calls a function when a text has been written.
type watchedBuffer struct {
	mu    sync.Mutex
	all   bytes.Buffer
	text  string
	found func()
}

func (w *watchedBuffer) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, err := w.all.Write(b)
	if strings.Contains(w.all.String(), w.text) {
		w.found()
	}
	return n, err
}

// Who wants the end of a demo gets it: no process and no file are left, and it is
// no failure.
func TestDemoIsStopped(t *testing.T) {
	t.Setenv(mainEnv, "1") // for the shop, which is this program again
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &watchedBuffer{text: "All is calm", found: cancel}
	var errs bytes.Buffer
	code := run(ctx, stdio{in: strings.NewReader(""), out: out, err: &errs, env: os.LookupEnv}, []string{"demo"})
	require.Zero(t, code, errs.String())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}

// A shop without its demo ends, and a demo without its shop says so.
func TestTheShopDies(t *testing.T) {
	t.Setenv(mainEnv, "1")
	p, err := newPatient(t.Context(), stdio{err: os.Stderr}, "http://127.0.0.1:1", t.TempDir())
	require.NoError(t, err)
	require.NoError(t, p.suffer("goroutine"))
	require.NoError(t, p.suffer(""))
	require.NoError(t, p.stop())

	p, err = newPatient(t.Context(), stdio{err: os.Stderr}, "http://127.0.0.1:1", t.TempDir())
	require.NoError(t, err)
	require.NoError(t, p.cmd.Process.Kill())
	d := &demonstration{patient: p}
	require.ErrorContains(t, d.wait(t.Context(), func() (bool, error) { return false, nil }), "the shop has ended")
	require.Error(t, p.stop())
}

// Each way in which an event may fall short is told.
func TestDemoChecks(t *testing.T) {
	d := &demonstration{addr: "127.0.0.1:0", data: t.TempDir(), told: map[string]bool{}, json: true}
	var out bytes.Buffer
	d.std = stdio{out: &out, err: os.Stderr}
	address, stop, err := d.collect(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, stop()) }()
	d.remote, err = newRemote("http://"+address, "")
	require.NoError(t, err)
	r, err := reporters.NewCollector("http://" + address)
	require.NoError(t, err)
	sent := reportertest.MemoryEvent(t)
	require.NoError(t, r.Report(t.Context(), sent))
	require.NoError(t, d.news(t.Context()))
	require.NoError(t, d.news(t.Context()))
	require.Equal(t, 1, strings.Count(out.String(), "\n"), "told once, in one line")

	f := shop.Fault{Signal: string(sent.Trigger.Sample.Signal), Guilty: "main.guilty"}
	stored := d.eventOf(f)
	require.NotNil(t, stored)
	require.Nil(t, d.eventOf(shop.Fault{Signal: "fish"}))
	for want, change := range map[string]func(*api.Event){
		"":                       func(*api.Event) {},
		"the event is suspected": func(e *api.Event) { e.State = "suspected" },
		`blames ["main.other"]`:  func(e *api.Event) { e.Culprits = []string{"main.other"} },
		"nobody is named":        func(e *api.Event) { e.Confident = false },
		"blames []":              func(e *api.Event) { e.Culprits = nil },
		"has no profile":         func(e *api.Event) { e.Profiles = nil },
		"lost.pb.gz": func(e *api.Event) {
			e.Profiles = []api.Profile{{Type: collector.KindCPU, File: "lost.pb.gz"}}
		},
	} {
		e := *stored
		e.State, e.Confident, e.Culprits = "confirmed", true, []string{"main.guilty"}
		change(&e)
		err := d.check(t.Context(), f, &e)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// The demo of the README, from the root of the repository.
func TestHeavyDemoOnce(t *testing.T) {
	if os.Getenv("HOLMES_HEAVY") == "" {
		t.Skip("takes two minutes; HOLMES_HEAVY=1 runs it")
	}
	t.Setenv(mainEnv, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "data")
	code := run(ctx, stdio{in: strings.NewReader(""), out: &out, err: os.Stderr, env: os.LookupEnv}, []string{"demo", "-once", "-data", dir})
	t.Log(out.String())
	require.Zero(t, code)
	for _, f := range shop.Faults() {
		require.Contains(t, out.String(), f.Guilty)
	}
}
