package holmes_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Where there is no place for events, the log and Stats say what to do.
func TestNoPlaceForEvents(t *testing.T) {
	if !testkit.OwnMounts(t) {
		return
	}
	readOnly := t.TempDir()
	testkit.ReadOnly(t, readOnly)
	for name, path := range map[string]string{
		"read-only": filepath.Join(readOnly, "holmes"), "TMPDIR on a read-only root": "", "proc": "/proc/holmes",
	} {
		t.Run(name, func(t *testing.T) {
			logger, lines := observed()
			opts := []holmes.Option{holmes.WithLogger(logger), holmes.WithBaseline(0)}
			if path != "" {
				opts = append(opts, holmes.WithDumpPath(path))
			}
			t.Setenv("TMPDIR", readOnly)
			h := testkit.Must(holmes.New(opts...))(t)
			require.NoError(t, h.Start())
			err := h.Stats().Dump.Err
			h.Stop()
			const remedy = "mount a volume there, or choose WithMemoryOnly (HOLMES_MEMORY_ONLY=true)"
			require.ErrorContains(t, err, remedy)
			require.Equal(t, 1, count(lines, "the dump path cannot be used: "), lines.All())
			require.Equal(t, 1, count(lines, remedy), lines.All())
		})
	}
}
