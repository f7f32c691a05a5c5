package brakes_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A disk that does not answer delays a report once, until it counts as one.
func TestDiskThatDoesNotAnswer(t *testing.T) {
	h := newHost(t)
	require.True(t, h.process().Admit(h.crash()))
	require.NoError(t, os.Remove(h.file()))
	require.NoError(t, syscall.Mkfifo(h.file(), 0o600)) // to open it blocks until it has a writer
	p := h.process()
	begun := time.Now()
	require.True(t, p.Admit(h.event(detect.SignalMem, detect.CodeAbs, 81, time.Second)))
	first := time.Since(begun)
	require.GreaterOrEqual(t, first, 2*time.Second)
	require.True(t, p.Admit(h.event(detect.SignalCPU, detect.CodeAbs, 81, time.Second)))
	require.Less(t, time.Since(begun)-first, first)
	w := testkit.Must(os.OpenFile(h.file(), os.O_WRONLY, 0))(t)
	require.NoError(t, w.Close())
	require.Eventually(t, func() bool { // which the first operation still writes
		info, err := os.Lstat(h.file())
		return err == nil && info.Mode().IsRegular()
	}, time.Minute, time.Millisecond)
}
