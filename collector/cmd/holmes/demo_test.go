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

	"github.com/go-holmes/holmes/example/shop"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/command"
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

// An interrupted demo leaves no process and no file, and is no failure.
func TestDemoIsStopped(t *testing.T) {
	t.Setenv(mainEnv, "1") // for the target, which is this program again
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out := &watchedBuffer{text: "All is calm", found: cancel}
	var errs bytes.Buffer
	code := command.Run(ctx, command.Std{In: strings.NewReader(""), Out: out, Err: &errs, Env: os.LookupEnv}, []string{"demo"})
	require.Zero(t, code, errs.String())
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
}

// The demo of the README, from the root of the repository.
func TestHeavyDemoOnce(t *testing.T) {
	if !testkit.IsHeavy() {
		t.Skip("takes two minutes; HOLMES_HEAVY=1 runs it")
	}
	t.Setenv(mainEnv, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "data")
	code := command.Run(ctx, command.Std{In: strings.NewReader(""), Out: &out, Err: os.Stderr, Env: os.LookupEnv}, []string{"demo", "-once", "-data", dir})
	t.Log(out.String())
	require.Zero(t, code)
	for _, f := range shop.Faults() {
		require.Contains(t, out.String(), f.Guilty)
	}
}
