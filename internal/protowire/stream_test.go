package protowire_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/protowire"
)

// follow requires that a stream finds in a message what a cursor finds, in whatever
// pieces the message arrives.
func follow(t *testing.T, message []byte) {
	t.Helper()
	for name, pieces := range map[string]func(io.Reader) io.Reader{
		"whole": func(r io.Reader) io.Reader { return r }, "bytes": iotest.OneByteReader, "end with bytes": iotest.DataErrReader,
	} {
		for _, buffer := range []int{0, 4096} {
			c, s := protowire.Walk(message), protowire.NewStream(pieces(bytes.NewReader(message)), buffer)
			for c.Next() {
				require.True(t, s.Next(), name)
				require.Equal(t, []uint64{c.Field, c.Type}, []uint64{s.Field, s.Type}, name)
				require.EqualValues(t, len(message)-c.Left(), s.Offset(), name)
				switch c.Type {
				case protowire.Varint:
					require.Equal(t, c.Number(), s.Number(), name)
					require.Zero(t, s.Size(), name)
				case protowire.Bytes:
					whole := c.Bytes()
					require.Equal(t, len(whole), s.Size(), name)
					require.Equal(t, whole[:min(20, len(whole))], s.Head(20), name)
					if m, ok := s.Whole(); ok {
						require.Equal(t, whole, m, name)
					}
				}
				require.NoError(t, s.Err, name)
			}
			if s.Next() { // it finds later that a field is cut off
				require.ErrorIs(t, c.Err, protowire.ErrTruncated, name)
				require.False(t, s.Next(), name)
			}
			if !errors.Is(s.Err, protowire.ErrLength) {
				require.Equal(t, c.Err, s.Err, name)
			}
			require.False(t, s.Next(), "an end stays one")
			require.Empty(t, s.Ahead())
		}
	}
}

func TestStream(t *testing.T) {
	follow(t, nil)
	m := protowire.AppendNumber(nil, 1, 150)
	for _, size := range []int{0, 1, 18, 19, 20, 21, 64, 127, 128, 5000} {
		m = protowire.AppendBytes(m, 2, bytes.Repeat([]byte("body"), size)[:size])
		m = append(m, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4)
		m = protowire.AppendNumber(m, 1000, math.MaxUint64)
	}
	follow(t, m)
	for n := range 300 {
		follow(t, m[:n])
	}
}

func TestStreamAhead(t *testing.T) {
	m := protowire.AppendBytes(nil, 1, make([]byte, 100))
	m = protowire.AppendBytes(m, 2, []byte("passed"))
	m = protowire.AppendNumber(m, 3, 7)
	s := protowire.NewStream(nil, 64)
	for range 2 {
		s.Reset(bytes.NewReader(m))
		require.Equal(t, m[:64], s.Ahead())
		require.True(t, s.Next())
		require.Len(t, s.Head(3), 3)
		require.Equal(t, m[102:], s.Ahead())
		s.Pass(8)
		require.EqualValues(t, 110, s.Offset())
		require.True(t, s.Next())
		require.EqualValues(t, 3, s.Field)
		require.EqualValues(t, 7, s.Number())
		require.Empty(t, s.Ahead())
		require.NoError(t, s.Err)
	}
}

// An error of the reader comes after what was read before it, and is not taken for
// the end of the message.
func TestStreamOfAnErrorOfTheReader(t *testing.T) {
	broken := errors.New("broken")
	m := protowire.AppendBytes(protowire.AppendNumber(nil, 1, 300), 2, make([]byte, 30))
	for n := range len(m) + 1 {
		s := protowire.NewStream(io.MultiReader(bytes.NewReader(m[:n]), iotest.ErrReader(broken)), 64)
		fields := 0
		for s.Next() {
			fields++
		}
		require.Equal(t, broken, s.Err)
		if n >= 3 {
			require.NotZero(t, fields)
		}
		require.False(t, s.Next())
	}
}

func TestStreamErrors(t *testing.T) {
	number, text := protowire.AppendNumber(nil, 1, 7), protowire.AppendBytes(nil, 1, make([]byte, 100))
	for _, tt := range []struct {
		name    string
		message []byte
		read    func(*protowire.Stream)
		want    error
	}{
		{"a number of text", text, func(s *protowire.Stream) { s.Number() }, protowire.ErrType},
		{"text of a number", number, func(s *protowire.Stream) { require.Empty(t, s.Head(1)) }, protowire.ErrType},
		{"text that is cut off", text[:50], func(s *protowire.Stream) { require.Nil(t, s.Head(60)) }, protowire.ErrTruncated},
		{"more than the buffer has", text, func(s *protowire.Stream) { require.Nil(t, s.Head(65)) }, bufio.ErrBufferFull},
	} {
		s := protowire.NewStream(bytes.NewReader(tt.message), 64)
		require.True(t, s.Next(), tt.name)
		tt.read(&s)
		require.ErrorIs(t, s.Err, tt.want, tt.name)
		require.Zero(t, s.Size(), tt.name)
		require.False(t, s.Next(), tt.name)
		require.ErrorIs(t, s.Err, tt.want, tt.name)
	}
	endless := io.MultiReader(bytes.NewReader([]byte{0x0a, 0x80, 0x80, 0x80, 0x80, 0x08}), iotest.ErrReader(errors.New("read on")))
	s := protowire.NewStream(endless, 64)
	require.False(t, s.Next())
	require.ErrorIs(t, s.Err, protowire.ErrLength, "2 GiB")
}

func TestStreamAllocatesNothing(t *testing.T) {
	m := bytes.Repeat(protowire.AppendNumber(protowire.AppendBytes(nil, 1, make([]byte, 50)), 1, 7), 100)
	src, s, sum := bytes.NewReader(nil), protowire.NewStream(nil, 128), uint64(0)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		src.Reset(m)
		for s.Reset(src); s.Next(); {
			if s.Type == protowire.Varint {
				sum += s.Number()
			} else {
				sum += uint64(len(s.Head(50)))
			}
		}
	}))
	require.EqualValues(t, 11*100*57, sum)
}
