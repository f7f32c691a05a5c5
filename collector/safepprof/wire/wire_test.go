package wire_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/safepprof/wire"
)

func TestCursor(t *testing.T) {
	message := []byte{
		0x08, 0x96, 0x01, // 1: 150
		0x12, 0x02, 'h', 'i', // 2: "hi"
		0x1a, 0x00, // 3: ""
		0x21, 1, 2, 3, 4, 5, 6, 7, 8, // 4: 64 bits
		0x2d, 1, 2, 3, 4, // 5: 32 bits
		0xa0, 0x06, 0x7f, // 100: 127
		0xaa, 0x06, 0x01, 'x', // 101: "x"
	}
	type field struct {
		number, typ uint64
		body        string
		left        int
	}
	var got []field
	c := wire.Walk(message)
	for c.Next() {
		f := field{number: c.Field, typ: c.Type, left: c.Left()}
		switch c.Type {
		case wire.Varint:
			f.body = string(rune(c.Number()))
			run := c.Run()
			v, n := wire.Uvarint(run)
			require.Equal(t, c.Number(), v)
			require.Len(t, run, n)
		case wire.Bytes:
			f.body = string(c.Bytes())
			require.Equal(t, c.Bytes(), c.Run())
		}
		got = append(got, f)
	}
	require.NoError(t, c.Err)
	require.Equal(t, []field{
		{1, wire.Varint, "\u0096", 27},
		{2, wire.Bytes, "hi", 23},
		{3, wire.Bytes, "", 21},
		{4, wire.Fixed64, "", 12},
		{5, wire.Fixed32, "", 7},
		{100, wire.Varint, "\x7f", 4},
		{101, wire.Bytes, "x", 0},
	}, got)
	require.False(t, c.Next())
}

func TestErrors(t *testing.T) {
	endless := make([]byte, 20)
	for i := range endless {
		endless[i] = 0x80
	}
	for _, tt := range []struct {
		name    string
		message []byte
		want    error
	}{
		{"no value", []byte{0x08}, wire.ErrTruncated},
		{"half a key", []byte{0x88}, wire.ErrTruncated},
		{"half a value", []byte{0x08, 0x80}, wire.ErrTruncated},
		{"endless key", endless, wire.ErrNumber},
		{"endless value", append([]byte{0x08}, endless...), wire.ErrNumber},
		{"endless length", append([]byte{0x0a}, endless...), wire.ErrNumber},
		{"no length", []byte{0x0a}, wire.ErrTruncated},
		{"longer than there is", []byte{0x0a, 2, 1}, wire.ErrTruncated},
		{"much longer", append([]byte{0x0a}, binary.AppendUvarint(nil, 1<<63+5)...), wire.ErrTruncated},
		{"half of 64 bits", []byte{0x09, 1, 2, 3, 4, 5, 6, 7}, wire.ErrTruncated},
		{"half of 32 bits", []byte{0x0d, 1, 2, 3}, wire.ErrTruncated},
		{"group", []byte{0x0b}, wire.ErrType},
		{"number 0", []byte{0x00, 0x00}, wire.ErrZero},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := wire.Walk(append([]byte{0x08, 0x01}, tt.message...))
			require.True(t, c.Next())
			require.False(t, c.Next())
			require.ErrorIs(t, c.Err, tt.want)
			require.False(t, c.Next(), "an error is an end")
			require.Zero(t, c.Number())
			require.Empty(t, c.Bytes())
			require.ErrorIs(t, c.Err, tt.want, "the first error counts")
		})
	}
	for name, read := range map[string]func(*wire.Cursor){
		"number": func(c *wire.Cursor) { c.Number() },
		"bytes":  func(c *wire.Cursor) { c.Bytes() },
		"run":    func(c *wire.Cursor) { c.Run() },
	} {
		c := wire.Walk([]byte{0x0d, 1, 2, 3, 4, 0x08, 0x01})
		require.True(t, c.Next())
		read(&c)
		require.ErrorIs(t, c.Err, wire.ErrType, name)
		require.False(t, c.Next(), name)
	}
}

// A number is read as it was written, and numbers are counted without reading.
func TestNumbers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 100 {
		var run []byte
		for range n {
			want := random.Uint64() >> random.IntN(64)
			run = binary.AppendUvarint(run, want)
			got, size := wire.Uvarint(binary.AppendUvarint(nil, want))
			require.Equal(t, want, got)
			require.Equal(t, len(binary.AppendUvarint(nil, want)), size)
		}
		got, whole := wire.Count(run)
		require.Equal(t, n, got)
		require.True(t, whole)
		_, whole = wire.Count(append(run, 0x80))
		require.False(t, whole)
	}
	_, n := wire.Uvarint(nil)
	require.Zero(t, n)
	got, n := wire.Uvarint([]byte{0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e})
	require.EqualValues(t, 5, got, "bits beyond the 64th are dropped")
	require.Equal(t, 10, n)
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte{0x08, 0x96, 0x01, 0x12, 0x02, 'h', 'i', 0x2d, 1, 2, 3, 4})
	f.Fuzz(func(t *testing.T, message []byte) {
		c := wire.Walk(message)
		left := len(message)
		for c.Next() {
			require.Less(t, c.Left(), left, "every field takes something")
			left = c.Left()
			if c.Type == wire.Varint || c.Type == wire.Bytes {
				n, _ := wire.Count(c.Run())
				require.LessOrEqual(t, n, len(c.Run()))
			}
		}
	})
}
