package pprofread_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
)

// checkParse holds for any bytes: there is an error or a profile that can be
// walked to its end, and where google's decoder is content, it is the same.
func checkParse(t *testing.T, raw []byte) {
	t.Helper()
	start, took, timesErr := pprofread.Times(raw)
	require.GreaterOrEqual(t, took, time.Duration(0))
	p, err := pprofread.Parse(raw)
	want := oracle(raw)
	if err != nil {
		require.Nil(t, p)
		require.Nil(t, want, "google's decoder reads it: %v", err)
		return
	}
	require.NoError(t, timesErr)
	require.Equal(t, p.TimeNanos <= 0, start.IsZero())
	c, _ := pprofread.ColumnOf(p, pprofread.KindOf(p))
	for s := range p.Samples() {
		require.GreaterOrEqual(t, min(c.Value(s), c.Count(s)), int64(0))
		for range s.Frames() { // does not panic
		}
	}
	if want != nil {
		requireAgreement(t, want, p)
		requireTimes(t, want, raw)
	}
}

func FuzzParse(f *testing.F) {
	for _, raw := range odd(f) {
		f.Add(raw)
	}
	f.Add(proftest.Zip(f, proftest.Message{}.Strings()))
	f.Add([]byte(proftest.Message{}.Strings().Sample(7, 1).Function(1, 3, 4)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<11 {
			t.Skip("inlined calls times stacks: google's form of it takes too long to walk")
		}
		checkParse(t, raw)
	})
}
