package gunzip_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/safepprof/internal/gunzip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inflate is all that a reader returns before it ends, and how.
func inflate(r *gunzip.Reader, src io.Reader) ([]byte, error) {
	r.Reset(src)
	var all []byte
	for {
		chunk, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		if len(chunk) == 0 || len(chunk) > 129<<10 {
			return all, fmt.Errorf("a step of %d bytes", len(chunk))
		}
		all = append(all, chunk...)
	}
}

// standard is what compress/gzip makes of the same.
func standard(raw []byte) ([]byte, error) {
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(zip)
}

// checkSame holds a reader against compress/gzip, however the bytes come.
func checkSame(t *testing.T, r *gunzip.Reader, raw []byte) {
	t.Helper()
	want, wantErr := standard(raw)
	ways := map[string]io.Reader{
		"at once":      bytes.NewReader(raw),
		"by halves":    iotest.HalfReader(bytes.NewReader(raw)),
		"with its end": iotest.DataErrReader(bytes.NewReader(raw)),
	}
	if len(raw) < 10_000 {
		ways["byte by byte"] = iotest.OneByteReader(bytes.NewReader(raw))
	}
	for name, src := range ways {
		got, err := inflate(r, src)
		if wantErr != nil {
			require.Error(t, err, "%s: compress/gzip says %v", name, wantErr)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, bytes.Equal(want, got), name)
	}
}

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

// texts are of every kind that the levels treat differently: matches near and
// far, as long as they get and none, codes of one symbol and of many lengths.
func texts() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 250_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	skewed := make([]byte, 150_000) // codes of 1 to 15 bits
	for i := range skewed {
		skewed[i] = byte(min(random.ExpFloat64()*6, 255))
	}
	var words []byte
	for i := range 10_000 {
		words = fmt.Appendf(words, "github.com/a/b%d.(*T).M%d\n", random.IntN(50), i%(random.IntN(900)+1))
	}
	far := slices.Concat(noise[:32<<10], noise[:32<<10], noise[:1000], noise[:32<<10-1], noise[:32<<10+1])
	return map[string][]byte{
		"nothing": nil, "a byte": {7}, "zeros": make([]byte, 1<<18), "noise": noise, "skewed": skewed, "words": words,
		"far": far, "short period": bytes.Repeat([]byte("abcdefg"), 50_000), "period of eight": bytes.Repeat([]byte("abcdefgh"), 9),
		"as much as the room": noise[:128<<10], "a byte more": noise[:128<<10+1], "a step more": noise[:224<<10],
	}
}

func TestSameAsStandard(t *testing.T) {
	var r gunzip.Reader
	for name, plain := range texts() {
		t.Run(name, func(t *testing.T) {
			for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 6, 9} {
				checkSame(t, &r, zipped(t, plain, level))
			}
		})
	}
}

// Several members inflate to one text, but no match reaches into another.
func TestMembers(t *testing.T) {
	var r gunzip.Reader
	one, two := zipped(t, []byte("one, "), 6), zipped(t, texts()["words"], 6)
	checkSame(t, &r, slices.Concat(one, one, two, zipped(t, nil, 6), one))
	for _, tail := range []string{"\x00", "\x1f", "\x1f\x8b\x08", "garbage after the member"} {
		checkSame(t, &r, append(slices.Clone(one), tail...))
	}

	var deflated bytes.Buffer // refers to what only the member before it has
	zip, err := flate.NewWriterDict(&deflated, 9, bytes.Repeat([]byte("one, "), 9))
	require.NoError(t, err)
	_, err = zip.Write(bytes.Repeat([]byte("one, "), 9))
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	reaching := slices.Concat(one, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}, deflated.Bytes(), make([]byte, 8))
	checkSame(t, &r, reaching)
	_, err = inflate(&r, bytes.NewReader(reaching))
	require.ErrorIs(t, err, gunzip.ErrCorrupt)
}

func TestHeads(t *testing.T) {
	var r gunzip.Reader
	body := zipped(t, []byte("text"), 6)[10:]
	head := func(flags byte, more ...byte) []byte {
		return append([]byte{0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 3}, more...)
	}
	long := bytes.Repeat([]byte("n"), 511)
	summed := head(1<<1|1<<3, 'n', 0)
	summed = binary.LittleEndian.AppendUint16(summed, uint16(crc32.ChecksumIEEE(summed)))
	heads := map[string][]byte{
		"plain": head(0), "text": head(1), "name": head(1<<3, 'a', 0), "comment": head(1<<4, 'a', 0), "both": head(1<<3|1<<4, 0, 0),
		"extra": head(1<<2, 3, 0, 1, 2, 3), "no extra": head(1<<2, 0, 0), "summed": summed, "wrong sum": head(1<<1, 1, 2),
		"longest name": append(head(1<<3, long...), 0), "longer name": append(head(1<<3, append(long, 'n')...), 0),
		"other method": {0x1f, 0x8b, 7, 0, 0, 0, 0, 0, 0, 0}, "other magic": {0x1f, 0x8c, 8, 0, 0, 0, 0, 0, 0, 0}, "reserved flags": head(0xe0),
	}
	for name, head := range heads {
		t.Run(name, func(t *testing.T) {
			whole := slices.Concat(head, body)
			checkSame(t, &r, whole)
			for n := range head {
				checkSame(t, &r, whole[:n])
			}
		})
	}
}

func TestErrors(t *testing.T) {
	var r gunzip.Reader
	good := zipped(t, texts()["words"], 6)
	for n := 0; n < len(good); n += 1 + n/20 {
		_, err := inflate(&r, bytes.NewReader(good[:n]))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "the first %d bytes", n)
	}
	wrong := slices.Clone(good)
	wrong[len(wrong)-1]++
	_, err := inflate(&r, bytes.NewReader(wrong))
	require.ErrorIs(t, err, gunzip.ErrChecksum)
	_, err = inflate(&r, bytes.NewReader([]byte("neither of the two")))
	require.ErrorIs(t, err, gunzip.ErrHeader)

	_, err = inflate(&r, bytes.NewReader(descriptions(1000)))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = inflate(&r, bytes.NewReader(descriptions(2000)))
	require.ErrorIs(t, err, gunzip.ErrBlocks)

	broken := errors.New("connection reset")
	_, err = inflate(&r, io.MultiReader(bytes.NewReader(good[:len(good)/2]), iotest.ErrReader(broken)))
	require.ErrorIs(t, err, broken)
	_, err = inflate(&r, iotest.ErrReader(broken))
	require.ErrorIs(t, err, broken)
	_, err = inflate(&r, idle{})
	require.ErrorIs(t, err, io.ErrNoProgress)
}

// A member is gzip whose bits are put one after the other, the lowest first.
type member struct {
	raw   []byte
	bits  uint64
	count int
}

func newMember() *member { return &member{raw: []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0}} }

func (m *member) put(v uint64, n int) {
	m.bits |= v << m.count
	for m.count += n; m.count >= 8; m.count -= 8 {
		m.raw = append(m.raw, byte(m.bits))
		m.bits >>= 8
	}
}

// code puts a code, which comes with its highest bit first.
func (m *member) code(v uint64, n int) { m.put(bits.Reverse64(v)>>(64-n), n) }

// end fills up the last byte, and adds the trailer of what it all stands for.
func (m *member) end(plain []byte) []byte {
	m.put(0, (8-m.count)%8)
	raw := binary.LittleEndian.AppendUint32(m.raw, crc32.ChecksumIEEE(plain))
	return binary.LittleEndian.AppendUint32(raw, uint32(len(plain)))
}

// The longest match, wherever in the last round before the room is full it is
// begun: there must be room for it.
func TestLastRound(t *testing.T) {
	const room, maxMatch = 128 << 10, 258
	var r gunzip.Reader
	for n := range 27 {
		shift, upTo, back := n%3, room-1+n/3%3, []int{1, 25, 32}[n/9]
		m := newMember()
		m.put(1|1<<1, 3) // the last block, of the fixed code
		var plain []byte
		literal := func() {
			v := len(plain) % 139
			plain = append(plain, byte(v))
			m.code(uint64(0x30+v), 8)
		}
		for range shift { // rounds of four bytes, before those of three
			literal()
			plain = append(plain, bytes.Repeat(plain[len(plain)-1:], 3)...)
			m.code(1, 7) // three bytes
			m.code(0, 5) // one back
		}
		for len(plain) < upTo {
			literal()
		}
		m.code(0xc5, 8) // 258 bytes
		if back == 1 {
			m.code(0, 5)
		} else {
			m.code(9, 5) // 25 and
			m.put(uint64(back-25), 3)
		}
		for range maxMatch {
			plain = append(plain, plain[len(plain)-back])
		}
		for range 16 { // the end of the source is read with more care
			literal()
		}
		m.code(0, 7) // the end of the block
		raw := m.end(plain)
		checkSame(t, &r, raw)
		got, err := inflate(&r, bytes.NewReader(raw))
		require.NoError(t, err)
		require.True(t, bytes.Equal(plain, got), "up to %d in rounds shifted by %d, %d back", upTo, shift, back)
	}
}

// descriptions begins a member of n blocks that describe a code and use it for
// nothing but their end.
func descriptions(n int) []byte {
	m := newMember()
	for range n {
		m.put(2<<1, 3)      // a dynamic block, not the last
		m.put(14<<10, 14)   // 257 literals, one distance, 18 code lengths:
		for i := range 18 { // that of "many zeros" is 1, those of 0 and 1 are 2
			m.put([18]uint64{2: 1, 3: 2, 17: 2}[i], 3)
		}
		m.put(0|(138-11)<<1, 8) // 138 zeros
		m.put(0|(118-11)<<1, 8) // 118 zeros
		m.put(0b11, 2)          // the end of the block has one bit
		m.put(0b01, 2)          // there are no distances
		m.put(0, 1)             // the end
	}
	return m.raw
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// Every bit of a small member, flipped: the tables' corners.
func TestFlippedBits(t *testing.T) {
	var r gunzip.Reader
	var text []byte
	for i := range 120 {
		text = fmt.Appendf(text, "m%d.f%d ", i%7, i*i%31)
	}
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 9} {
		good := zipped(t, text, level)
		for i := range len(good) * 8 {
			bad := slices.Clone(good)
			bad[i/8] ^= 1 << (i % 8)
			want, wantErr := standard(bad)
			got, err := inflate(&r, bytes.NewReader(bad))
			require.Equal(t, wantErr == nil, err == nil, "bit %d: %v, compress/gzip: %v", i, err, wantErr)
			if err == nil {
				require.Equal(t, want, got)
			}
		}
	}
}

func TestAllocatesNothing(t *testing.T) {
	good := zipped(t, texts()["words"], 6)
	var r gunzip.Reader
	src := bytes.NewReader(nil)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		src.Reset(good)
		r.Reset(src)
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	}))
}

func FuzzNext(f *testing.F) {
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 9} {
		for _, name := range []string{"nothing", "a byte", "period of eight"} {
			f.Add(zipped(f, texts()[name], level))
		}
		f.Add(zipped(f, texts()["skewed"][:2000], level))
		f.Add(zipped(f, texts()["words"][:2000], level))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		want, wantErr := standard(raw)
		got, err := inflate(new(gunzip.Reader), iotest.HalfReader(bytes.NewReader(raw)))
		if (wantErr == nil) != (err == nil) {
			t.Fatalf("%v, compress/gzip: %v", err, wantErr)
		}
		if err == nil && !bytes.Equal(want, got) {
			t.Fatal("other bytes than compress/gzip")
		}
	})
}
