package gunzip_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/safepprof/internal/gunzip"
	"github.com/go-holmes/holmes/collector/safepprof/proftest"
)

func BenchmarkNext(b *testing.B) {
	raw := proftest.Real(b)["compile-large-cpu"]
	src := bytes.NewReader(nil)
	b.Run("holmes", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		var r gunzip.Reader
		for b.Loop() {
			src.Reset(raw)
			r.Reset(src)
			for {
				if _, err := r.Next(); err != nil {
					require.ErrorIs(b, err, io.EOF)
					break
				}
			}
		}
	})
	b.Run("standard", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(raw)))
		var r gzip.Reader
		buf := make([]byte, 32<<10)
		for b.Loop() {
			src.Reset(raw)
			require.NoError(b, r.Reset(src))
			for {
				if _, err := r.Read(buf); err != nil {
					require.ErrorIs(b, err, io.EOF)
					break
				}
			}
		}
	})
}
