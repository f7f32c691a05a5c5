package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/example/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The program as the README starts it.
func TestOnce(t *testing.T) {
	if os.Getenv("HOLMES_HEAVY") != "1" {
		t.Skip("takes a minute on an idle machine; HOLMES_HEAVY=1 go test -run TestOnce ./example/quickstart runs it")
	}
	var out bytes.Buffer
	code := run(context.Background(), []string{"-once", "-fault", "all", "-dir", t.TempDir()}, &out, io.Discard)
	require.Zero(t, code, out.String())
	require.Contains(t, out.String(), "all is well: 3 of 3 faults")
}

func TestHelpTeaches(t *testing.T) {
	var help bytes.Buffer
	require.Zero(t, run(context.Background(), []string{"-help"}, io.Discard, &help))
	for _, f := range shop.Faults() {
		require.Contains(t, help.String(), "\n  "+f.Name+" ")
	}
	for _, word := range []string{"-fault", "-once", "-dir", "<dir>/evidence", "<dir>/delivered"} {
		require.Contains(t, help.String(), word)
	}
}

func TestWrongCalls(t *testing.T) {
	for _, args := range [][]string{{"-fault", "disk"}, {"-nonsense"}, {"cpu"}} {
		var out bytes.Buffer
		require.Equal(t, 2, run(context.Background(), args, io.Discard, &out), args)
		require.NotEmpty(t, out.String())
	}
}

// trip calls pull once word has been written.
type trip struct {
	mu   sync.Mutex
	text strings.Builder
	word string
	pull func()
}

func (w *trip) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(p)
	if strings.Contains(w.text.String(), w.word) {
		w.pull()
	}
	return len(p), nil
}

// Ctrl-C is a success, and a failure with -once. Nothing is left running: goleak
// fails otherwise.
func TestInterrupted(t *testing.T) {
	for flag, want := range map[string]int{"": 0, "-once": 1} {
		ctx, cancel := context.WithCancel(context.Background())
		out := &trip{word: " s   cpu", pull: cancel}
		args := append([]string{"-dir", t.TempDir()}, strings.Fields(flag)...)
		require.Equal(t, want, run(ctx, args, out, io.Discard), flag)
		require.Contains(t, out.text.String(), "all is calm")
		require.Equal(t, want != 0, strings.Contains(out.text.String(), "FAILED"))
	}
}
