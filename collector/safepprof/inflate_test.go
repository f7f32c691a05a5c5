package safepprof_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/safepprof"
)

// levels are those that the standard library compresses in different ways.
var levels = []int{flate.HuffmanOnly, flate.NoCompression, 1, 9}

func zipped(tb testing.TB, plain []byte, level int) []byte {
	tb.Helper()
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, level)
	require.NoError(tb, err)
	_, err = zip.Write(plain)
	require.NoError(tb, err)
	require.NoError(tb, zip.Close())
	return out.Bytes()
}

// standard is what compress/gzip makes of the same.
func standard(raw []byte) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zip)
}

// sameAsStandard holds a checker against compress/gzip, in whatever pieces the bytes
// come: what that refuses is refused by all ways to look at a profile, and what is
// read is what it inflates to.
func sameAsStandard(t *testing.T, c *safepprof.Checker, raw []byte) (passes bool) {
	t.Helper()
	want, wantErr := standard(raw)
	ways := map[string]func() io.Reader{
		"at once":      func() io.Reader { return bytes.NewReader(raw) },
		"by halves":    func() io.Reader { return iotest.HalfReader(bytes.NewReader(raw)) },
		"with its end": func() io.Reader { return iotest.DataErrReader(bytes.NewReader(raw)) },
		"byte by byte": func() io.Reader { return iotest.OneByteReader(bytes.NewReader(raw)) },
	}
	for name, src := range ways {
		got, _, err := c.Read(src(), nil)
		_, checkErr := c.Check(src())
		require.Equal(t, err, checkErr, name)
		_, shallowErr := c.ShallowCheck(src())
		if wantErr != nil {
			requireReason(t, err, "%s: compress/gzip says %v", name, wantErr)
			requireReason(t, shallowErr, "%s: compress/gzip says %v", name, wantErr)
			continue
		}
		if passes = err == nil; passes {
			require.NoError(t, shallowErr, name)
			require.Equal(t, want, got, name)
		} else {
			requireReason(t, err, name)
		}
	}
	return passes
}

// Several members inflate to one profile. What follows the last is no part of it.
func TestMembers(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	whole := plain(t, proftest.Real(t)["link-cpu"])
	for _, level := range levels {
		require.True(t, sameAsStandard(t, c, zipped(t, whole, level)))
		one, two := zipped(t, whole[:len(whole)/3], level), zipped(t, whole[len(whole)/3:], level)
		several := slices.Concat(zipped(t, nil, level), one, zipped(t, nil, level), two, zipped(t, nil, level))
		require.True(t, sameAsStandard(t, c, several))
		require.True(t, sameAsStandard(t, c, slices.Concat(zipped(t, whole[:1], level), zipped(t, whole[1:], level))))
		for _, tail := range []string{"\x00", "\x1f", "\x1f\x8b\x08", "garbage after the member", strings.Repeat("\x00", 512)} {
			require.False(t, sameAsStandard(t, c, append(slices.Clone(several), tail...)), "%q", tail)
		}
	}
}

// No match reaches from one member into another.
func TestMembersAreApart(t *testing.T) {
	one := zipped(t, bytes.Repeat([]byte("one, "), 9), 6)
	var deflated bytes.Buffer
	zip, err := flate.NewWriterDict(&deflated, 9, bytes.Repeat([]byte("one, "), 9))
	require.NoError(t, err)
	_, err = zip.Write(bytes.Repeat([]byte("one, "), 9))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	reaching := slices.Concat(one, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, deflated.Bytes(), make([]byte, 8))
	require.False(t, sameAsStandard(t, checker(t, safepprof.Limits{}), reaching))
}

// The heads that RFC 1952 allows pass, of the first member and of the second. All
// that is cut off in one of them is refused.
func TestHeads(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	small := proftest.Small()
	head := func(flags byte, more ...byte) []byte {
		return append([]byte{0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3}, more...)
	}
	long := bytes.Repeat([]byte("n"), 511)
	summed := head(1<<1|1<<3, 'n', 0)
	summed = binary.LittleEndian.AppendUint16(summed, uint16(crc32.ChecksumIEEE(summed)))
	for _, tt := range []struct {
		name   string
		head   []byte
		passes bool
	}{
		{"plain", head(0), true},
		{"text", head(1), true},
		{"name", head(1<<3, 'a', 0), true},
		{"comment", head(1<<4, 'a', 0), true},
		{"name and comment", head(1<<3|1<<4, 0, 0), true},
		{"extra", head(1<<2, 3, 0, 1, 2, 3), true},
		{"no extra", head(1<<2, 0, 0), true},
		{"summed", summed, true},
		{"wrong sum", head(1<<1, 1, 2), false},
		{"longest name", append(head(1<<3, long...), 0), true},
		{"longer name", append(head(1<<3, append(long, 'n')...), 0), false},
		{"other method", []byte{0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0}, false},
		{"other magic", []byte{0x1f, 0x8c, 8, 0, 0, 0, 0, 0, 0, 0}, false},
		{"reserved flags", head(0xe0), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first := slices.Concat(tt.head, zipped(t, small, 6)[10:])
			_, err := c.Check(bytes.NewReader(first))
			require.Equal(t, tt.passes, err == nil, "%v", err)
			before := zipped(t, small[:5], 6)
			second := slices.Concat(before, tt.head, zipped(t, small[5:], 6)[10:])
			_, err = c.Check(bytes.NewReader(second))
			require.Equal(t, tt.passes, err == nil, "%v", err)
			step := testkit.Heavy(1, 1+len(tt.head)/20)
			for n := 0; n < len(tt.head); n += step {
				_, err := c.Check(bytes.NewReader(first[:n]))
				requireReason(t, err, "%d bytes", n)
				if n > 0 {
					_, err = c.Check(bytes.NewReader(second[:len(before)+n]))
					requireReason(t, err, "%d bytes of the second", n)
				}
			}
			// A whole profile, and behind it the beginning of a member.
			for n := 1; n <= len(tt.head); n += step {
				_, err := c.Check(bytes.NewReader(append(zipped(t, small, 6), tt.head[:n]...)))
				requireReason(t, err, "%d bytes behind a profile", n)
			}
		})
	}
}

// Every bit of a small profile, flipped; in the usual run every seventh.
func TestEveryFlippedBit(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	whole := plain(t, proftest.Real(t)["shop-threadcreate"])
	for _, level := range levels {
		good := zipped(t, whole, level)
		for i := 0; i < len(good)*8; i += testkit.Heavy(1, 7) {
			bad := slices.Clone(good)
			bad[i/8] ^= 1 << (i % 8)
			want, wantErr := standard(bad)
			got, _, err := c.Read(bytes.NewReader(bad), nil)
			_, shallowErr := c.ShallowCheck(bytes.NewReader(bad))
			if err == nil {
				require.NoError(t, wantErr, "bit %d", i)
				require.Equal(t, want, got)
				continue
			}
			requireReason(t, err, "bit %d", i)
			requireReason(t, shallowErr, "bit %d", i)
		}
	}
}

// Gzip that inflates to nothing is not read to its end.
func TestIdleGzip(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	profile := zipped(t, proftest.Small(), 6)
	for name, idle := range map[string][]byte{
		"blocks":  proftest.EmptyBlocks(100_000),
		"members": bytes.Repeat(zipped(t, nil, 6), 50_000),
		"extra":   bytes.Repeat(slices.Concat([]byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0, 0, 0x40}, make([]byte, 0x4000), zipped(t, nil, 6)[10:]), 50),
	} {
		for _, body := range [][]byte{idle, append(slices.Clone(profile), idle...)} {
			src := bytes.NewReader(body)
			_, err := c.Check(src)
			requireReason(t, err, name)
			require.ErrorContains(t, err, "gzip that inflates to less than its size", name)
			require.Greater(t, src.Len(), len(body)/2, name)
		}
	}
}

// An error of the source of compressed data is returned.
func TestSourceErrorsOfGzip(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	good := proftest.Real(t)["shop-heap"]
	broken := errors.New("connection reset")
	_, err := c.Check(io.MultiReader(bytes.NewReader(good[:len(good)/2]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	_, err = c.Check(io.MultiReader(bytes.NewReader(good), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken, "there could be another member")
	_, err = c.Check(io.MultiReader(bytes.NewReader(good[:10]), silent{}))
	requireReason(t, err)
	require.ErrorContains(t, err, io.ErrNoProgress.Error())
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

func FuzzInflate(f *testing.F) {
	small := proftest.Small()
	for _, level := range levels {
		f.Add(zipped(f, small, level))
		f.Add(append(zipped(f, small[:7], level), zipped(f, small[7:], level)...))
	}
	f.Add(proftest.EmptyBlocks(9))
	c := checker(f, safepprof.Limits{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
			sameAsStandard(t, c, raw)
		}
	})
}
