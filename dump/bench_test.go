package dump_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// BenchmarkEvent is one event of two files in a full store.
func BenchmarkEvent(b *testing.B) {
	s := testkit.Must(dump.Open(b.TempDir(), dump.Options{}))(b)
	n := 0
	one := func() {
		e := testkit.Must(s.Create(eventID(n), "http"))(b)
		for _, name := range []string{"cpu.pb.gz", "event.json"} {
			require.NoError(b, testkit.Err(e.Replace(name, fill(20_000))))
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
