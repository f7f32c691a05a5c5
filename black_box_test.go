package holmes_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
)

// A run whose black box has no place is told of, though its events have one.
func TestBlackBoxWithoutAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		l := newLab(t, holmes.WithLogger(logger))
		require.NoError(t, os.WriteFile(filepath.Join(l.dir, "blackbox"), nil, 0o600))
		l.run(t)
		seconds(3)
		require.NoError(t, l.Stats().Dump.Err)
		require.Equal(t, 1, count(lines, "the black box cannot be opened"), lines.All())
	})
}

// So are reports that the next start will not know of.
func TestBrakesWithoutAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logger, lines := observed()
		l := newLab(t, holmes.WithLogger(logger))
		require.NoError(t, os.WriteFile(filepath.Join(l.dir, "brakes"), nil, 0o600))
		l.run(t)
		l.host.CPU(func() float64 { return 90 })
		seconds(60)
		require.Equal(t, holmes.SignalCPU, l.event(t).Trigger.Sample.Signal)
		require.NoError(t, l.Stats().Dump.Err)
		require.Equal(t, 1, count(lines, "the reports of a day are not kept for the next start"), lines.All())
	})
}
