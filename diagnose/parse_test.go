package diagnose_test

import (
	"bytes"
	"runtime/pprof"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
)

func TestParseReadsWhatTheRuntimeWrites(t *testing.T) {
	var raw bytes.Buffer
	require.NoError(t, pprof.Lookup("goroutine").WriteTo(&raw, 0))
	p, err := diagnose.Parse(raw.Bytes())
	require.NoError(t, err)
	require.Equal(t, "goroutine", p.SampleTypes[0].Type)
	var found bool
	for s := range p.Samples() {
		for f := range s.Frames() {
			found = found || f.Function == "testing.tRunner"
		}
	}
	require.True(t, found)
}

func TestParseFails(t *testing.T) {
	for _, raw := range []string{"", "goroutine profile: total 7\n", "\x1f\x8b"} {
		p, err := diagnose.Parse([]byte(raw))
		require.ErrorContains(t, err, "holmes: read profile: ")
		require.Nil(t, p)
	}
}
