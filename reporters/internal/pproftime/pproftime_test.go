package pproftime_test

import (
	"bytes"
	"io"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/reporters/internal/pproftime"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func encode(tb testing.TB, start time.Time, took time.Duration, plain bool) []byte {
	tb.Helper()
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}},
		Sample:        []*profile.Sample{{Value: []int64{7}}},
		Comments:      []string{"a comment"},
		DurationNanos: int64(took),
	}
	if !start.IsZero() {
		p.TimeNanos = start.UnixNano()
	}
	var out bytes.Buffer
	if plain {
		require.NoError(tb, p.WriteUncompressed(&out))
	} else {
		require.NoError(tb, p.Write(&out))
	}
	return out.Bytes()
}

func TestRead(t *testing.T) {
	at := time.Date(2026, 5, 4, 3, 2, 1, 999, time.UTC)
	for _, plain := range []bool{true, false} {
		start, took, err := pproftime.Read(encode(t, at, 15*time.Second, plain))
		require.NoError(t, err)
		require.True(t, at.Equal(start))
		require.Equal(t, 15*time.Second, took)

		start, took, err = pproftime.Read(encode(t, time.Time{}, 0, plain))
		require.NoError(t, err)
		require.True(t, start.IsZero())
		require.Zero(t, took)
	}
}

func TestReadWhatTheRuntimeWrites(t *testing.T) {
	before := time.Now()
	var out bytes.Buffer
	require.NoError(t, pprof.Lookup("heap").WriteTo(&out, 0))
	start, took, err := pproftime.Read(out.Bytes())
	require.NoError(t, err)
	require.WithinRange(t, start, before.Add(-time.Second), time.Now().Add(time.Second))
	require.Zero(t, took, "a snapshot")
}

func TestReadDamage(t *testing.T) {
	whole := encode(t, time.Unix(1, 0), time.Second, true)
	_, _, err := pproftime.Read(whole[:len(whole)-1])
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	packed := encode(t, time.Unix(1, 0), time.Second, false)
	for _, raw := range [][]byte{[]byte("garbage"), {0x1f, 0x8b}, packed[:len(packed)/2], {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}} {
		_, _, err := pproftime.Read(raw)
		require.ErrorContains(t, err, "holmes: ")
	}
}

// FuzzRead: it agrees with the real decoder on whatever that accepts, and never
// panics.
func FuzzRead(f *testing.F) {
	f.Add(encode(f, time.Unix(1, 2), time.Second, true))
	f.Add([]byte{})
	f.Add([]byte("\x0a\x00\x48"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		start, took, err := pproftime.Read(raw)
		if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
			return
		}
		p, decodeErr := profile.ParseUncompressed(raw)
		if decodeErr != nil || err != nil {
			return
		}
		require.GreaterOrEqual(t, took, time.Duration(0))
		if p.TimeNanos > 0 {
			require.Equal(t, p.TimeNanos, start.UnixNano())
		}
	})
}

func BenchmarkRead(b *testing.B) {
	var out bytes.Buffer
	require.NoError(b, pprof.Lookup("heap").WriteTo(&out, 0))
	for b.Loop() {
		_, _, _ = pproftime.Read(out.Bytes())
	}
}
