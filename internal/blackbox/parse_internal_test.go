package blackbox

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// small is the image of a box in which both rings have turned.
func small() []byte {
	h, _ := Config{Window: 5 * time.Second, Events: 4}.header()
	h.Start = time.Unix(1_760_000_000, 0)
	h.Uptime, h.PID, h.ProcessStart, h.Namespace = time.Hour, 7, 8, 9
	h.BootID = "00000000-0000-4000-8000-000000000000"
	b := newBox(h)
	for n := range 40 {
		at := h.Start.Add(time.Duration(n) * time.Second)
		b.Sample(at, &Sample{CPU: float64(n), Memory: uint64(n) << 20, MemoryLimit: 64 << 20})
		b.State(at, "state")
		b.Event(at, "id", "text")
	}
	return asBytes(b.words)
}

func TestDamage(t *testing.T) {
	whole := small()
	undamaged := testkit.Must(parse(toWords(whole), len(whole)))(t)
	require.Len(t, undamaged.Records, 13+4)
	require.Equal(t, "00000000-0000-4000-8000-000000000000", undamaged.BootID)

	t.Run("cut", func(t *testing.T) {
		for size := range whole {
			c, err := parse(toWords(whole[:size]), size)
			if size < headerSize {
				require.ErrorIs(t, err, ErrFormat)
				continue
			}
			require.NoError(t, err)
			require.True(t, c.Truncated)
			require.Len(t, c.Records, (size-headerSize)/slotSize)
			require.Zero(t, c.Torn)
		}
	})
	t.Run("one bit", func(t *testing.T) {
		for range 5000 {
			at, bit := rand.N(len(whole)), byte(1)<<rand.N(8)
			whole[at] ^= bit
			c, err := parse(toWords(whole), len(whole))
			whole[at] ^= bit
			if err != nil {
				require.Less(t, at, (wordHeaderSum+1)*wordSize, "in the header")
				require.ErrorIs(t, err, ErrFormat)
				continue
			}
			// Bytes beyond the end of a record, or of the header, are not used.
			kept := slices.DeleteFunc(slices.Clone(undamaged.Records), func(r *Record) bool {
				return !slices.ContainsFunc(c.Records, func(o *Record) bool { return *o == *r })
			})
			require.Len(t, c.Records, len(undamaged.Records)-c.Torn)
			require.Len(t, kept, len(c.Records), "byte %d changes a record", at)
		}
	})
	t.Run("half a record", func(t *testing.T) {
		// Every mixture of two records, as a page would have it that went to the
		// disk in the middle of one. They differ to the second word of the body.
		a, b := whole[headerSize:headerSize+slotSize], whole[headerSize+slotSize:headerSize+2*slotSize]
		for n := wordSize; n < (slotBody+2)*wordSize; n += wordSize {
			mixed := append(append([]byte{}, a[:n]...), b[n:]...)
			require.Nil(t, decodeRecord(toWords(mixed)), "%d bytes", n)
		}
	})
	for name, test := range map[string]struct {
		at   int
		word uint64
		want error
	}{
		"zeros":    {wordMagic, 0, ErrFormat},
		"version":  {wordVersion, 2, ErrVersion},
		"checksum": {wordPID, 99, ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			w := toWords(whole)
			w[test.at] = test.word
			_, err := parse(w, len(whole))
			require.ErrorIs(t, err, test.want)
			require.ErrorIs(t, err, ErrFormat)
		})
	}
	t.Run("sizes beyond all bounds", func(t *testing.T) {
		for _, sizes := range [][2]uint64{{maxSlots + 1, 0}, {0, maxSlots + 1}, {1 << 63, 1 << 63}, {maxSlots, 1}} {
			w := toWords(whole)
			w[wordSamples], w[wordEvents] = sizes[0], sizes[1]
			w[wordHeaderSum] = checksum(0, w[:wordHeaderSum])
			require.ErrorIs(t, testkit.Err(parse(w, len(whole))), ErrFormat)
		}
	})
}

// A file larger than any box is not read to its end.
func TestReadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.box")
	require.NoError(t, os.WriteFile(path, small(), 0o600))
	require.NoError(t, os.Truncate(path, 1<<30))
	c := testkit.Must(Read(path))(t)
	require.Len(t, c.Records, 17)
	require.ErrorIs(t, testkit.Err(Read(filepath.Join(t.TempDir(), "none.box"))), os.ErrNotExist)
}

func FuzzParse(f *testing.F) {
	whole := small()
	f.Add(whole)
	f.Add(whole[:headerSize+slotSize+100])
	f.Add(make([]byte, headerSize))
	f.Fuzz(func(t *testing.T, data []byte) {
		// A checksum would keep the fuzzer from all that is behind it.
		w := toWords(data)
		if len(w) >= headerWords {
			w[wordMagic], w[wordVersion] = magic, version
			w[wordHeaderSum] = checksum(0, w[:wordHeaderSum])
			for s := w[headerWords:]; len(s) >= slotWords; s = s[slotWords:] {
				for used := slotBody; used <= slotWords; used++ {
					s[slotSum] = checksum(s[slotSeq], s[slotSince:used])
					if decodeRecord(s[:slotWords]) != nil {
						break
					}
				}
			}
		}
		for _, w := range [][]uint64{w, toWords(data)} {
			c, err := parse(w, len(data))
			if err != nil {
				require.ErrorIs(t, err, ErrFormat)
				continue
			}
			require.LessOrEqual(t, len(c.Records)+c.Torn, len(data)/slotSize)
			require.LessOrEqual(t, len(c.Records)+c.Torn, c.Samples+c.Events)
			for i := range c.Records {
				require.Positive(t, c.Records[i].Seq)
				if i > 0 {
					require.GreaterOrEqual(t, c.Records[i].Seq, c.Records[i-1].Seq)
				}
			}
			s := c.Summary(time.Minute)
			_ = s.MemoryShare()
		}
	})
}
