package pprofread_test

import (
	"bytes"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
)

func TestBrokenProfilesAreErrors(t *testing.T) {
	good := proftest.Message{}.Strings("cpu", "nanoseconds").Num(9, 1)
	whole := proftest.Zip(t, good)
	for _, tt := range []struct {
		name string
		raw  []byte
		want string
	}{
		{"empty", nil, "empty"},
		{"empty gzip", proftest.Zip(t, nil), "empty"},
		{"text", []byte("goroutine profile: total 7\n"), "wire type"},
		{"head of a gzip", whole[:12], "unexpected EOF"},
		{"no more of a gzip", whole[:2], "EOF"},
		{"gzip damaged", slices.Concat(whole[:len(whole)-8], make([]byte, 8)), "checksum"},
		{"no strings", proftest.Message{}.Num(9, 1), "no string table"},
		{"first string", proftest.Message{}.Bytes(6, []byte("cpu")), "empty string"},
		{"cut off", good.Key(2, 2), "truncated"},
		{"message cut off", good.Bytes(2, proftest.Message{}.Key(1, 2)), "truncated"},
		{"bytes cut off", good.Key(7, 1), "truncated"},
		{"number without an end", append(good.Key(12, 0), bytes.Repeat([]byte{0xff}, 11)...), "number without an end"},
		{"length without an end", append(good.Key(2, 2), bytes.Repeat([]byte{0xff}, 11)...), "number without an end"},
		{"huge length", good.Key(2, 2).Num(1<<50, 1), "truncated"},
		{"packed number cut off", good.Bytes(2, proftest.Message{}.Bytes(1, []byte{1, 0x80})), "number without an end"},
		{"packed value cut off", good.Bytes(2, proftest.Message{}.Bytes(2, []byte{1, 0x80})), "number without an end"},
		{"group", good.Key(20, 3), "wire type"},
		{"column's type", good.Bytes(1, proftest.Message{}.Num(1, 3)), "not in the string table"},
		{"column's unit", good.Bytes(1, proftest.Message{}.Num(2, minusOne)), "not in the string table"},
		{"period's type", good.Bytes(11, proftest.Message{}.Num(1, 3)), "not in the string table"},
		{"default type", good.Num(14, 3), "not in the string table"},
		{"function's name", good.Function(1, 3, 0), "not in the string table"},
		{"function's file", good.Function(1, 0, minusOne), "not in the string table"},
		{"two profiles", slices.Concat(good, good), "several profiles"},
		{"too many columns", slices.Concat(good, bytes.Repeat(proftest.Message{}.Column(), 1025)), "kinds of value"},
		{"too many frames", quadratic(good, 9000), "frames"},
		{"bomb", bytes.Repeat(proftest.Zip(t, make([]byte, 1<<20)), 65), "more than 64 MiB"},
		{"too large", make([]byte, 64<<20+1), "more than 64 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := pprofread.Parse(tt.raw)
			require.Nil(t, p)
			require.ErrorContains(t, err, "read profile: ")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// quadratic has a location of n inlined calls, n times in one stack.
func quadratic(m proftest.Message, n int) proftest.Message {
	m = m.Bytes(4, slices.Concat(proftest.Message{}.Num(1, 1), bytes.Repeat(proftest.Message{}.Bytes(4, nil), n)))
	return m.Bytes(2, proftest.Message{}.Bytes(1, bytes.Repeat([]byte{1}, n)))
}

// Every field that is read has one wire type, or two if it is repeated.
func TestWrongWireTypes(t *testing.T) {
	const number, packed, text = 0, 1, 2
	inner := map[uint64]map[uint64]int{
		1:  {1: number, 2: number},
		2:  {1: packed, 2: packed},
		4:  {1: number, 4: text},
		5:  {1: number, 2: number, 4: number},
		11: {1: number, 2: number},
	}
	outer := map[uint64]int{1: text, 2: text, 4: text, 5: text, 6: text, 9: number, 10: number, 11: text, 12: number, 14: number}
	length := map[uint64]int{0: 1, 1: 8, 2: 1, 5: 4} // of a zero of this wire type
	try := func(field uint64, want int, wrap func(proftest.Message) proftest.Message) {
		for wire, n := range length {
			_, err := pprofread.Parse(wrap(append(proftest.Message{}.Key(field, wire), make([]byte, n)...)))
			if fits := wire == 0 && want != text || wire == 2 && want != number; fits {
				require.NoError(t, err, "field %d, wire type %d", field, wire)
			} else {
				require.ErrorContains(t, err, "wire type", "field %d, wire type %d", field, wire)
			}
		}
	}
	for field, want := range outer {
		try(field, want, func(m proftest.Message) proftest.Message { return append(proftest.Message{}.Strings(), m...) })
		for f, want := range inner[field] {
			try(f, want, func(m proftest.Message) proftest.Message { return proftest.Message{}.Strings().Bytes(field, m) })
		}
	}
	for _, f := range []uint64{1, 2} {
		try(f, number, func(m proftest.Message) proftest.Message {
			return proftest.Message{}.Strings().Bytes(4, proftest.Message{}.Bytes(4, m))
		})
	}
}

// A profile that was cut off anywhere is an error, or what google's decoder
// takes it for.
func TestCutOffProfiles(t *testing.T) {
	for _, raw := range odd(t) {
		for n := range raw {
			checkParse(t, raw[:n])
		}
	}
	for _, raw := range proftest.Own(t) {
		for n := 0; n < len(raw); n += len(raw)/50 + 1 {
			_, err := pprofread.Parse(raw[:n])
			require.Error(t, err)
			_, _, err = pprofread.Times(raw[:n])
			require.Error(t, err)
		}
	}
}

func TestTimesOfBrokenProfiles(t *testing.T) {
	good := proftest.Message{}.Strings().Num(9, 1)
	for _, raw := range [][]byte{nil, {0x1f, 0x8b}, []byte("garbage"), good.Key(1, 2), slices.Concat(good, good), good.Bytes(9, nil)} {
		start, took, err := pprofread.Times(raw)
		require.ErrorContains(t, err, "read profile: ")
		require.True(t, start.IsZero())
		require.Zero(t, took)
	}
	_, _, err := pprofread.Times(proftest.Zip(t, good)[:20])
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
