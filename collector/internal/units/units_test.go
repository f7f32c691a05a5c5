package units_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/units"
)

func TestUnits(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "17B": 17, "1KB": 1000, "1KiB": 1024, "1.5GiB": 3 << 29, "2 TB": 2e12} {
		var s units.Size
		require.NoError(t, s.Set(text), text)
		require.EqualValues(t, want, s, text)
		var again units.Size
		require.NoError(t, again.Set(s.String()))
		require.Equal(t, s, again)
	}
	for text, want := range map[string]time.Duration{"0": 0, "30d": 720 * time.Hour, "1.5d": 36 * time.Hour, "90m": 90 * time.Minute} {
		var a units.Age
		require.NoError(t, a.Set(text), text)
		require.EqualValues(t, want, a, text)
		var again units.Age
		require.NoError(t, again.Set(a.String()))
		require.Equal(t, a, again)
	}
	for _, text := range []string{"", "x", "-1", "-1d", "1y", "1e30", "GiB", "9999999TiB"} {
		require.Error(t, new(units.Size).Set(text), text)
	}
	for _, text := range []string{"", "x", "-1h", "-1d", "d", "999999d"} {
		require.Error(t, new(units.Age).Set(text), text)
	}
}
