package capture_test

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/stretchr/testify/require"
)

// bomb returns the gzip of many empty samples, 60 MiB of them, in less than 300 KB.
func bomb(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	for range 60 {
		_, err := w.Write(bytes.Repeat([]byte{0x12, 0x00}, 1<<19))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.Less(t, out.Len(), 300_000)
	return out.Bytes()
}
