package dump_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
)

// BenchmarkEvent is one event of two files in a full store.
func BenchmarkEvent(b *testing.B) {
	s, err := dump.Open(b.TempDir(), dump.Options{})
	require.NoError(b, err)
	n := 0
	one := func() {
		e, err := s.Create(eventID(n), "http")
		require.NoError(b, err)
		for _, name := range []string{"cpu.pb.gz", "event.json"} {
			_, err = e.Replace(name, fill(20_000))
			require.NoError(b, err)
		}
		require.NoError(b, e.Close(dump.Class{Series: "cpu", Kind: "cpu abs"}))
		require.NoError(b, s.Delivered(e.ID(), "http"))
		n++
	}
	for range 100 {
		one()
	}
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
}
