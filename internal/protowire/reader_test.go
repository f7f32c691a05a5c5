package protowire_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/protowire"
)

// nested is a message with others in it: 1 {1: "ab", 2: 7}, 3: 9, 1 {2: "", 9: 64 bits}.
func nested() []byte {
	inner := protowire.AppendNumber(protowire.AppendBytes(nil, 1, []byte("ab")), 2, 7)
	last := append(protowire.AppendBytes(nil, 2, nil), 9<<3|protowire.Fixed64, 1, 2, 3, 4, 5, 6, 7, 8)
	return protowire.AppendBytes(protowire.AppendNumber(protowire.AppendBytes(nil, 1, inner), 3, 9), 1, last)
}

// A message is read in pieces of any size, and what is passed over does not matter.
func TestReader(t *testing.T) {
	for name, src := range map[string]io.Reader{
		"whole": bytes.NewReader(nested()), "bytes": iotest.OneByteReader(bytes.NewReader(nested())),
		"with its end": iotest.DataErrReader(bytes.NewReader(nested())),
	} {
		r := protowire.NewReader(src)
		require.True(t, r.Next(), name)
		inner := r.Message()
		require.True(t, inner.Next())
		require.EqualValues(t, 1, inner.Field)
		text, err := io.ReadAll(inner.Bytes())
		require.NoError(t, err)
		require.Equal(t, "ab", string(text))
		require.True(t, inner.Next())
		require.EqualValues(t, protowire.Varint, inner.Type)
		require.False(t, inner.Next())
		require.True(t, r.Next())
		require.EqualValues(t, 3, r.Field)
		require.True(t, r.Next())
		inner = r.Message()
		require.True(t, inner.Next())
		require.True(t, inner.Next(), "the string is passed over")
		require.EqualValues(t, 9, inner.Field)
		require.False(t, r.Next(), "the message is passed over")
		require.NoError(t, r.Err())
	}
}

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	long := protowire.AppendBytes(nil, 1, protowire.AppendBytes(nil, 2, bytes.Repeat([]byte("x"), 5000)))
	for _, tt := range []struct {
		name string
		src  io.Reader
		want error
	}{
		{"ends in a tag", bytes.NewReader([]byte{0x8a}), io.ErrUnexpectedEOF},
		{"ends before a length", bytes.NewReader([]byte{0x0a}), io.ErrUnexpectedEOF},
		{"ends in a field", bytes.NewReader(long[:4000]), io.ErrUnexpectedEOF},
		{"ends with an error", io.MultiReader(bytes.NewReader(long[:4000]), iotest.ErrReader(broken)), broken},
		{"begins with an error", iotest.ErrReader(broken), broken},
		{"a field beyond its message", bytes.NewReader([]byte{0x0a, 2, 0x0a, 5, 'a', 'b', 'c', 'd', 'e'}), protowire.ErrTruncated},
		{"half a tag in a message", bytes.NewReader([]byte{0x0a, 1, 0x8a, 1, 0}), protowire.ErrTruncated},
		{"no message", bytes.NewReader([]byte{0x08, 2}), protowire.ErrType},
		{"a group", bytes.NewReader([]byte{0x0b}), protowire.ErrType},
		{"endless number", strings.NewReader(strings.Repeat("\x88", 30)), protowire.ErrNumber},
		{"3 GiB", bytes.NewReader([]byte{0x0a, 0x80, 0x80, 0x80, 0x80, 0x0c}), protowire.ErrLength},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := protowire.NewReader(tt.src)
			for r.Next() {
				for m := r.Message(); m.Next(); {
					_, _ = io.Copy(io.Discard, m.Bytes())
				}
			}
			require.ErrorIs(t, r.Err(), tt.want)
			require.False(t, r.Next(), "an error is an end")
			_, err := r.Bytes().Read(make([]byte, 1))
			require.ErrorIs(t, err, tt.want)
		})
	}
}
