package holmes_test

import (
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// Idle threads are ended: real ones, that blocking reads have made.
func TestShrinkThread(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a pipe does not block a thread on windows")
	}
	const blocked, threshold = 60, 30
	makeThreads(t, blocked)
	before := pprof.Lookup("threadcreate").Count()
	require.Greater(t, before, blocked)

	h := neverFires(t, holmes.WithCollectInterval("10ms"), holmes.WithShrinkThread(threshold, 20*time.Millisecond))
	require.NoError(t, h.Start())
	defer h.Stop()
	threads := func() float64 { return signal(h, holmes.SignalThread).Value }
	require.Eventually(t, func() bool { return threads() > 0 && threads() <= threshold+3 }, 30*time.Second, 10*time.Millisecond,
		"there were %d", before)
}

func signal(h *holmes.Holmes, name holmes.Signal) holmes.SignalStats {
	for _, s := range h.Stats().Signals {
		if s.Signal == name {
			return s
		}
	}
	return holmes.SignalStats{}
}

// makeThreads makes n threads that are idle when it returns.
func makeThreads(t *testing.T, n int) {
	t.Helper()
	var readers sync.WaitGroup
	var writers []*os.File
	for range n {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		_ = r.Fd() // makes it blocking
		writers = append(writers, w)
		readers.Go(func() {
			_, _ = r.Read(make([]byte, 1))
			_ = r.Close()
		})
	}
	require.Eventually(t, func() bool { return pprof.Lookup("threadcreate").Count() > n }, 30*time.Second, time.Millisecond)
	for _, w := range writers {
		_ = w.Close()
	}
	readers.Wait()
}
