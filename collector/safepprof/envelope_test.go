package safepprof_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A request is inflated or passes as it is.
func TestInflate(t *testing.T) {
	plain := bytes.Repeat([]byte("a request of some length, "), 10_000)
	for _, sent := range [][]byte{plain, proftest.Zip(t, plain), nil, []byte("x")} {
		want := sent
		if len(sent) > 1 {
			want = plain
		}
		for _, src := range []io.Reader{bytes.NewReader(sent), iotest.OneByteReader(bytes.NewReader(sent))} {
			got, err := io.ReadAll(safepprof.Inflate(src, 1<<20, 1<<20))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got))
		}
	}
}

func TestInflateRefuses(t *testing.T) {
	large := make([]byte, 3<<20)
	for _, tt := range []struct {
		name string
		sent []byte
		code collector.Code
		want string
	}{
		{"too much", large, collector.TooLarge, "the request is larger than 2 MiB"},
		{"inflates to too much", proftest.Zip(t, bytes.Repeat([]byte("0123456789abcdef"), 200_000)), collector.TooLarge, "the request inflates to more than"},
		{"inflates to nothing", proftest.EmptyBlocks(20_000), collector.Invalid, "the request: gzip that inflates to less than its size"},
		{"is cut off", proftest.Zip(t, []byte("request"))[:20], collector.Invalid, "the request: unexpected EOF"},
		{"is damaged", append(proftest.Zip(t, []byte("request")), 1), collector.Invalid, "the request: "},
	} {
		r := safepprof.Inflate(bytes.NewReader(tt.sent), 2<<20, 2<<20)
		_, err := io.Copy(io.Discard, r)
		require.Equal(t, tt.code, collector.CodeOf(err), tt.name)
		require.ErrorContains(t, err, tt.want, tt.name)
		_, again := r.Read(make([]byte, 1))
		require.ErrorContains(t, again, tt.want, "%s: the error comes again", tt.name)
	}
	broken := errors.New("broken")
	for _, head := range []string{"", "x", "\x1f\x8b\x08"} {
		_, err := io.Copy(io.Discard, safepprof.Inflate(io.MultiReader(strings.NewReader(head), iotest.ErrReader(broken)), 100, 100))
		require.ErrorIs(t, err, broken)
	}
}
