//go:build !linux || holmes_gopsutil

package procstat

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// A system that does not show the process to gopsutil costs its readings, and nothing else.
func TestProcessThatIsNotFound(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes cannot be hidden here")
	}
	r := Open()
	require.NoError(t, testkit.Err(r.CPUTime()))
	t.Setenv("HOST_PROC", t.TempDir()) // where gopsutil looks
	r = Open()
	require.ErrorContains(t, testkit.Err(r.CPUTime()), "holmes: procstat: CPU time: ")
	require.ErrorContains(t, testkit.Err(r.Memory()), "holmes: procstat: memory of the process: ")
	require.ErrorContains(t, testkit.Err(r.Threads()), "holmes: procstat: threads: ")
	require.NoError(t, r.Close())
}
