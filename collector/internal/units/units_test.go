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

func TestMoment(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"24h": now.Add(-24 * time.Hour), "-24h": now.Add(-24 * time.Hour), "7d": now.Add(-7 * 24 * time.Hour),
		"2026-05-04": now.Add(-12 * time.Hour), "2026-05-04T03:02": now.Add(-8*time.Hour - 58*time.Minute),
		"2026-05-04 03:02:00": now.Add(-8*time.Hour - 58*time.Minute), "2026-05-04T14:00:00+02:00": now, "now": now, "now-1h": now.Add(-time.Hour),
	} {
		at, ok := units.Moment(text, now)
		require.True(t, ok, text)
		require.Equal(t, want, at, text)
	}
	_, ok := units.Moment("soon", now)
	require.False(t, ok)
}

func TestQuotas(t *testing.T) {
	var q units.Quotas
	require.NoError(t, q.Set("shop=2GiB, a=b=500MB,*=1MiB,"))
	require.Equal(t, units.Quotas{"shop": 2 << 30, "a=b": 5e8, "*": 1 << 20}, q)
	require.Equal(t, "*=1MiB,a=b=500000000,shop=2GiB", q.String())
	require.Equal(t, map[string]int64{"shop": 2 << 30, "a=b": 5e8}, q.Bytes())
	for _, bad := range []string{"shop", "=1MiB", "shop=", "shop=many"} {
		require.Error(t, q.Set(bad), bad)
	}
}

// The text of an end means the same end again.
func TestWindow(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 5, time.UTC)
	for text, want := range map[string]time.Time{
		"2026-05-04T11:00:00": now.Add(-time.Hour - 5 + time.Second), "now": now.Add(1), "2026-05-04T11:00:00.5Z": now.Add(-time.Hour - 5 + 500*time.Millisecond + 1),
	} {
		_, to, err := units.Window("", text, now)
		require.NoError(t, err)
		require.Equal(t, want, to, text)
		_, again, err := units.Window("", units.FormatEnd(to), now)
		require.NoError(t, err)
		require.Equal(t, to, again, text)
	}
	from, to, err := units.Window("", "", now)
	require.NoError(t, err)
	require.True(t, from.IsZero() && to.IsZero())
	_, _, err = units.Window("1h", "2h", now)
	require.ErrorContains(t, err, "is after to")
	_, _, err = units.Window("1h", "soon", now)
	require.ErrorContains(t, err, `to "soon" is neither`)
}
