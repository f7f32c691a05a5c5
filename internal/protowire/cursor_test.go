package protowire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/protowire"
)

func TestCursor(t *testing.T) {
	message := []byte{
		0x08, 0x96, 0x01, // 1: 150
		0x12, 0x02, 'h', 'i', // 2: "hi"
		0x1a, 0x00, // 3: ""
		0x21, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, // 4: 64 bits
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
	c := protowire.Walk(message)
	for c.Next() {
		f := field{number: c.Field, typ: c.Type, left: c.Left()}
		switch c.Type {
		case protowire.Varint:
			f.body = string(rune(c.Number()))
			run := c.Run()
			v, n := protowire.Uvarint(run)
			require.Equal(t, c.Number(), v)
			require.Len(t, run, n)
		case protowire.Bytes:
			f.body = string(c.Bytes())
			require.Equal(t, c.Bytes(), c.Run())
		}
		got = append(got, f)
	}
	require.NoError(t, c.Err)
	require.Equal(t, []field{
		{1, protowire.Varint, "\u0096", 27},
		{2, protowire.Bytes, "hi", 23},
		{3, protowire.Bytes, "", 21},
		{4, protowire.Fixed64, "", 12},
		{5, protowire.Fixed32, "", 7},
		{100, protowire.Varint, "\x7f", 4},
		{101, protowire.Bytes, "x", 0},
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
		{"no value", []byte{0x08}, protowire.ErrTruncated},
		{"half a key", []byte{0x88}, protowire.ErrTruncated},
		{"half a value", []byte{0x08, 0x80}, protowire.ErrTruncated},
		{"endless key", endless, protowire.ErrNumber},
		{"endless value", append([]byte{0x08}, endless...), protowire.ErrNumber},
		{"endless length", append([]byte{0x0a}, endless...), protowire.ErrNumber},
		{"no length", []byte{0x0a}, protowire.ErrTruncated},
		{"longer than there is", []byte{0x0a, 2, 1}, protowire.ErrTruncated},
		{"much longer", append([]byte{0x0a}, binary.AppendUvarint(nil, 1<<63+5)...), protowire.ErrTruncated},
		{"half of 64 bits", []byte{0x09, 1, 2, 3, 4, 5, 6, 7}, protowire.ErrTruncated},
		{"half of 32 bits", []byte{0x0d, 1, 2, 3}, protowire.ErrTruncated},
		{"group", []byte{0x0b}, protowire.ErrType},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := protowire.Walk(append([]byte{0x08, 0x01}, tt.message...))
			require.True(t, c.Next())
			require.False(t, c.Next())
			require.ErrorIs(t, c.Err, tt.want)
			require.False(t, c.Next(), "an error is an end")
			require.Zero(t, c.Number())
			require.Empty(t, c.Bytes())
			require.ErrorIs(t, c.Err, tt.want, "the first error counts")
			follow(t, append([]byte{0x08, 0x01}, tt.message...))
		})
	}
	for name, read := range map[string]func(*protowire.Cursor){
		"number": func(c *protowire.Cursor) { c.Number() },
		"bytes":  func(c *protowire.Cursor) { c.Bytes() },
		"run":    func(c *protowire.Cursor) { c.Run() },
	} {
		c := protowire.Walk([]byte{0x0d, 1, 2, 3, 4, 0x08, 0x01})
		require.True(t, c.Next())
		read(&c)
		require.ErrorIs(t, c.Err, protowire.ErrType, name)
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
			got, size := protowire.Uvarint(binary.AppendUvarint(nil, want))
			require.Equal(t, want, got)
			require.Equal(t, len(binary.AppendUvarint(nil, want)), size)
		}
		got, whole := protowire.Count(run)
		require.Equal(t, n, got)
		require.True(t, whole)
		_, whole = protowire.Count(append(run, 0x80))
		require.False(t, whole)
	}
	_, n := protowire.Uvarint(nil)
	require.Zero(t, n)
	got, n := protowire.Uvarint([]byte{0x85, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e})
	require.EqualValues(t, 5, got, "bits beyond the 64th are dropped")
	require.Equal(t, 10, n)
}

// Appended fields are read back unchanged.
func TestAppend(t *testing.T) {
	m := protowire.AppendNumber(nil, 1, 150)
	m = protowire.AppendBytes(m, 2, []byte("hi"))
	m = protowire.AppendBytes(m, 1000, nil)
	m = protowire.AppendNumber(m, 3, 0)
	require.Equal(t, []byte{0x08, 0x96, 0x01, 0x12, 0x02, 'h', 'i', 0xc2, 0x3e, 0x00, 0x18, 0x00}, m)
	c := protowire.Walk(m)
	for _, want := range []struct {
		field, number uint64
		body          string
		raw           []byte
	}{
		{1, 150, "", m[:3]}, {2, 0, "hi", m[3:7]}, {1000, 0, "", m[7:10]}, {3, 0, "", m[10:]},
	} {
		require.True(t, c.Next())
		require.Equal(t, want.field, c.Field)
		require.Equal(t, want.raw, c.Raw())
		if c.Type == protowire.Varint {
			require.Equal(t, want.number, c.Number())
		} else {
			require.Equal(t, want.body, string(c.Bytes()))
		}
	}
	require.False(t, c.Next())
	require.NoError(t, c.Err)
}

// A repeated field is read packed or not.
func TestRepeated(t *testing.T) {
	m := protowire.AppendBytes(nil, 1, []byte{1, 0x96, 0x01, 3})
	m = protowire.AppendNumber(m, 1, 300)
	m = protowire.AppendBytes(m, 1, nil)
	var all []uint64
	counted := 0
	require.NoError(t, protowire.Each(m, func(c *protowire.Cursor) error {
		counted += c.Count()
		all = slices.AppendSeq(all, c.Numbers())
		return nil
	}))
	require.Equal(t, []uint64{1, 150, 3, 300}, all)
	require.Len(t, all, counted)

	c := protowire.Walk(protowire.AppendBytes(nil, 1, []byte{1, 0x96}))
	require.True(t, c.Next())
	require.Equal(t, []uint64{1}, slices.Collect(c.Numbers()))
	require.ErrorIs(t, c.Err, protowire.ErrNumber)
	require.False(t, c.Next())

	c = protowire.Walk(m)
	require.True(t, c.Next())
	for n := range c.Numbers() {
		require.EqualValues(t, 1, n)
		break
	}
	require.True(t, c.Next(), "numbers that were not asked for do not matter")
}

func TestEachEndsWithAnError(t *testing.T) {
	m := protowire.AppendNumber(protowire.AppendNumber(nil, 1, 1), 2, 2)
	stop := errors.New("stop")
	var seen []uint64
	visit := func(c *protowire.Cursor) error {
		seen = append(seen, c.Field)
		return stop
	}
	require.ErrorIs(t, protowire.Each(m, visit), stop)
	require.Equal(t, []uint64{1}, seen)
	require.ErrorIs(t, protowire.Each(m[:3], func(*protowire.Cursor) error { return nil }), protowire.ErrTruncated)
	wrong := func(c *protowire.Cursor) error {
		c.Bytes()
		return nil
	}
	require.ErrorIs(t, protowire.Each(m, wrong), protowire.ErrType)
}

// A returned part of a message cannot grow into the next part.
func TestParts(t *testing.T) {
	m := protowire.AppendNumber(protowire.AppendBytes(nil, 1, []byte("ab")), 2, 7)
	whole := slices.Clone(m)
	c := protowire.Walk(m)
	require.True(t, c.Next())
	for _, part := range [][]byte{c.Bytes(), c.Run(), c.Raw()} {
		_ = append(part, 0xff)
	}
	require.Equal(t, whole, m)
}

func TestAllocatesNothing(t *testing.T) {
	m := bytes.Repeat(protowire.AppendNumber(protowire.AppendBytes(nil, 1, []byte{1, 2, 0x96, 1}), 1, 7), 100)
	broken := append(slices.Clone(m), 0x0a, 0x50)
	out := make([]byte, 0, 2*len(m))
	require.Zero(t, testing.AllocsPerRun(10, func() {
		for _, m := range [][]byte{m, broken} {
			out = out[:0]
			sum := uint64(0)
			c := protowire.Walk(m)
			for c.Next() {
				for n := range c.Numbers() {
					sum += n
				}
				sum += uint64(c.Count())
				out = protowire.AppendNumber(protowire.AppendBytes(out, 1, c.Raw()), 2, sum)[:0]
			}
		}
	}))
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte{0x08, 0x96, 0x01, 0x12, 0x02, 'h', 'i', 0x2d, 1, 2, 3, 4})
	f.Add(protowire.AppendNumber(protowire.AppendBytes(nil, 1, make([]byte, 50)), 2, 1<<63))
	f.Fuzz(func(t *testing.T, message []byte) {
		c := protowire.Walk(message)
		left := len(message)
		var whole []byte
		for c.Next() {
			require.Less(t, c.Left(), left, "every field takes something")
			left = c.Left()
			whole = append(whole, c.Raw()...)
			if c.Type == protowire.Varint || c.Type == protowire.Bytes {
				run := c.Run()
				n, ended := protowire.Count(run)
				require.LessOrEqual(t, n, len(run))
				for range c.Numbers() {
					n--
				}
				require.GreaterOrEqual(t, n, 0)
				require.True(t, n == 0 && ended || c.Err != nil, "numbers are those that are counted")
			}
		}
		require.True(t, bytes.HasPrefix(message, whole))
		if c.Err == nil {
			require.Len(t, whole, len(message), "without an error the walk ends with the message")
		}
		follow(t, message)
	})
}
