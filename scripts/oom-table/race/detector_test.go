//go:build race

package race_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/scripts/oom-table/race"
)

// plain gives the race a program without the race detector, whose memory would
// be most of what the kernel counts.
func plain(t *testing.T) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "oom-table")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", exe, "..")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Setenv(race.ProgramEnv, exe)
}
