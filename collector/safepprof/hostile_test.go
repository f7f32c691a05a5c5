package safepprof_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/protowire"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// within holds for any bytes: they are refused with a reason, or google's decoder
// allocates no more for them than was told.
func within(tb testing.TB, c *safepprof.Checker, body []byte) (passes bool) {
	tb.Helper()
	raw, info, err := c.Read(bytes.NewReader(body), nil)
	if err != nil {
		requireReason(tb, err)
		return false
	}
	if info.Kind == collector.KindTrace {
		return true
	}
	got := allocated(func() { _, _ = profile.ParseUncompressed(raw) })
	if raceFactor == 1 { // the race detector allocates, too
		require.LessOrEqual(tb, got, info.Decoded)
	}
	return true
}

// The shapes at several sizes: either nothing writes them, or their cost is known.
func TestCostIsABound(t *testing.T) {
	if raceFactor > 1 {
		t.Skip("the race detector allocates, too")
	}
	c := checker(t, safepprof.Limits{Decoded: 1 << 40})
	for _, s := range proftest.Shapes() {
		t.Run(s.Name, func(t *testing.T) {
			for _, size := range []int{1 << 8, 1 << 10, 1<<12 + 500, 1 << 15, 1 << 18} {
				passed := within(t, c, s.Of(size))
				require.True(t, s.Valid || !passed || size < 1<<15)
			}
		})
	}
	scattered := proftest.Message{}.Strings("cpu", "nanoseconds").Column()
	for _, field := range []uint64{3, 4, 5} {
		m := slices.Clip(scattered)
		for id := range uint64(20_000) {
			m = append(m, proftest.Message{}.Bytes(field, proftest.Message{}.Num(1, id*id<<20+1))...)
		}
		require.True(t, within(t, c, m), "IDs far apart")
	}
	for _, name := range []string{"labels of many keys", "labels of one key", "labels of one key with units"} {
		m := slices.Clip(scattered)
		for range 200 {
			sample := proftest.Message{}.Num(2, 1)
			for i := range uint64(500) {
				label := proftest.Message{}.Num(1, i).Num(2, 1)
				switch name {
				case "labels of one key":
					label = proftest.Message{}.Num(1, 1).Num(3, i)
				case "labels of one key with units":
					label = proftest.Message{}.Num(1, 1).Num(3, i).Num(4, i/499)
				}
				sample = sample.Bytes(3, label)
			}
			m = m.Bytes(2, sample)
		}
		for i := range 500 {
			m = m.Bytes(6, fmt.Append(nil, i))
		}
		require.True(t, within(t, c, m), name)
	}
}

// Bodies of about 15 KB that expand to hundreds of MiB are refused.
func TestHostile(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	n := 0
	for name, body := range proftest.Hostile(t) {
		if n++; n%raceFactor != 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			_, err := c.Check(bytes.NewReader(body))
			requireReason(t, err)
			_, err = c.ShallowCheck(bytes.NewReader(body))
			requireReason(t, err)
			if strings.HasPrefix(name, "gzip of") {
				require.Less(t, len(body), 50_000)
			}
		})
	}
}

// legal are shapes that 16 MiB of are large, but not too large.
var legal = []string{"long stacks", "locations of a line", "empty lines", "functions far apart", "strings"}

// The same, sent as they are: no body is too large, but what it decodes to is.
func TestHostileUnzipped(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	for i, s := range proftest.Shapes() {
		if i%raceFactor != 0 {
			continue
		}
		_, err := c.Check(bytes.NewReader(s.Of(16 << 20)))
		if slices.Contains(legal, s.Name) {
			require.NoError(t, err, s.Name)
		} else {
			requireReason(t, err, s.Name)
		}
	}
}

// A profile that was cut off anywhere is refused, or was cut between two fields.
func TestCutOff(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	cuts := testkit.Heavy(40, 10)
	for name, raw := range proftest.Real(t) {
		for n := 0; n < len(raw); n += 1 + len(raw)/cuts {
			_, err := c.Check(bytes.NewReader(raw[:n]))
			requireReason(t, err, "%s, %d bytes", name, n)
			_, err = c.ShallowCheck(bytes.NewReader(raw[:n]))
			requireReason(t, err, "%s, %d bytes", name, n)
		}
		inflated := plain(t, raw)
		for n := 0; n < len(inflated); n += 1 + len(inflated)/cuts {
			within(t, c, inflated[:n])
		}
	}
	small := proftest.Small()
	whole := map[int]bool{} // where a field ends
	for w := protowire.Walk(small); w.Next(); {
		whole[len(small)-w.Left()] = true
	}
	for n := range small {
		_, err := c.Check(bytes.NewReader(small[:n]))
		if !whole[n] {
			requireReason(t, err, n)
		}
	}
}

// Bits that flipped on the way.
func TestFlippedBits(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	random := rand.New(rand.NewPCG(7, 7))
	passed, tried := 0, 0
	for name, raw := range proftest.Real(t) {
		zipped := slices.Clone(raw)
		zipped[100+random.IntN(len(zipped)-100)] ^= 4
		inflated := plain(t, raw)
		_, wholeErr := c.Check(bytes.NewReader(zipped))
		_, err := c.ShallowCheck(bytes.NewReader(zipped))
		if wholeErr == nil { // the bit is one of those that fill up a byte
			require.Equal(t, inflated, plain(t, zipped), name)
			require.NoError(t, err, name)
		} else { // there is a checksum
			requireReason(t, wholeErr, name)
			requireReason(t, err, name)
		}

		for range testkit.Heavy(30, 6) {
			flipped := slices.Clone(inflated)
			for range 1 + random.IntN(3) {
				flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
			}
			tried++
			if within(t, c, flipped) {
				passed++
			}
		}
	}
	t.Logf("%d of %d pass", passed, tried)
	require.Less(t, passed, tried)
}

func TestTextIsRefused(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	for name, raw := range proftest.Texts(t) {
		for _, body := range [][]byte{raw, proftest.Zip(t, raw)} {
			_, err := c.Check(bytes.NewReader(body))
			requireReason(t, err, name)
			_, shallow := c.ShallowCheck(bytes.NewReader(body))
			require.Equal(t, err, shallow)
			require.ErrorContains(t, err, "not a profile: text that begins with")
			require.ErrorContains(t, err, "debug=0")
		}
	}
}

func TestNotProfile(t *testing.T) {
	message := proftest.Message{}
	head := message.Strings("cpu", "nanoseconds").Column()
	for _, tt := range []struct {
		name string
		body []byte
		want string
	}{
		{"nothing", nil, "empty"},
		{"one byte", []byte{0x0a}, "truncated"},
		{"half a gzip", []byte{0x1f, 0x8b}, "unexpected EOF"},
		{"a page", []byte("<!doctype html><html>"), `text that begins with "<!doctype html><html>"`},
		{"JSON", []byte(`{"error":"no such profile"}`), "text that begins with"},
		{"no strings", message.Column(), "no string table"},
		{"strings begin with another", message.Bytes(6, []byte("cpu")), "does not begin with the empty string"},
		{"no sample types", message.Strings("cpu"), "no sample types"},
		{"string too high", head.Num(14, 3), "string 3 of 3"},
		{"string below zero", head.Num(15, 1<<64-1), "string 18446744073709551615 of 3"},
		{"label of no string", head.Bytes(2, message.Num(2, 1).Bytes(3, message.Num(1, 9))), "string 9 of 3"},
		{"two values", head.Bytes(2, message.Packed(2, 1, 2)), "samples of 2 to 2 values, and 1 sample types"},
		{"no values", head.Sample(1).Bytes(2, nil), "samples of 0 to 1 values, and 1 sample types"},
		{"two profiles", append(head.Num(9, 1), head.Num(9, 1)...), "several profiles in one"},
		{"mapping 0", head.Bytes(3, message.Num(2, 1)), "an ID that is missing or 0"},
		{"location 0", head.Location(0), "an ID that is missing or 0"},
		{"function 0", head.Function(0, 1, 1), "an ID that is missing or 0"},
		{"text for a number", head.Bytes(9, nil), "field of the wrong wire type"},
		{"number for a message", head.Num(2, 1), "field of the wrong wire type"},
		{"number for a string", head.Num(6, 1), "field of the wrong wire type"},
		{"group", head.Key(2, 3), "field of the wrong wire type"},
		{"unknown group", head.Key(99, 3), "field of the wrong wire type"},
		{"field 0", head.Num(0, 1), "field without a number"},
		{"field 0 in a message", head.Bytes(2, message.Num(0, 1)), "field without a number"},
		{"field 0 of bytes", head.Bytes(0, []byte("abc")), "field without a number"},
		{"endless number", append(head.Key(9, 0), bytes.Repeat([]byte{0x80}, 20)...), "number without an end"},
		{"endless number in a message", head.Bytes(2, bytes.Repeat([]byte{0x80}, 20)), "number without an end"},
		{"endless run", head.Bytes(2, message.Bytes(1, []byte{1, 0x80}).Num(2, 1)), "number without an end"},
		{"endless comments", head.Bytes(13, []byte{1, 0x80}), "number without an end"},
		{"truncated message", head.Key(2, 2), "truncated"},
		{"truncated field of a message", head.Bytes(2, []byte{0x0a, 5}), "truncated"},
		{"long message", head.Bytes(2, make([]byte, 65<<10)), "a message of 66560 bytes"},
		{"long list of comments", head.Bytes(13, make([]byte, 65<<10)), "a list of comments of 66560 bytes"},
		{"long string", head.Bytes(6, make([]byte, 1<<20+1)), "a string of 1048577 bytes"},
		{"names far apart", farApart(), "too far apart"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, body := range [][]byte{tt.body, proftest.Zip(t, tt.body)} {
				_, err := checker(t, safepprof.Limits{}).Check(bytes.NewReader(body))
				requireReason(t, err)
				require.ErrorContains(t, err, tt.want)
				no, ok := errors.AsType[*safepprof.NotProfileError](err)
				require.True(t, ok)
				require.NotContains(t, no.Reason, "holmes")
				if tt.name == "half a gzip" {
					break // zipped, it is another
				}
			}
		})
	}
}

// farApart has more sample types than are remembered whose names are not among
// the first strings.
func farApart() []byte {
	m := proftest.Message{}.Strings()
	for i := range uint64(20) {
		m = m.Bytes(1, proftest.Message{}.Num(1, 300+i))
	}
	for range 400 {
		m = m.Bytes(6, []byte("cpu"))
	}
	return m
}

// Names that come late, or before anything refers to them, are found all the same.
func TestNames(t *testing.T) {
	long := strings.Repeat("n", 100)
	var strs []string
	for i := range 300 {
		strs = append(strs, fmt.Sprint(i+1))
	}
	strs[2], strs[299] = long, "cpu"
	column := proftest.Message{}.Num(1, 300).Num(2, 3)
	for name, body := range map[string]proftest.Message{
		"strings last":  proftest.Message{}.Bytes(1, column).Num(14, 300).Strings(strs...),
		"strings first": proftest.Message{}.Strings(strs[:200]...).Bytes(1, column).Num(14, 300),
	} {
		if name == "strings first" {
			for _, s := range strs[200:] {
				body = body.Bytes(6, []byte(s))
			}
		}
		info, err := checker(t, safepprof.Limits{}).Check(bytes.NewReader(body))
		require.NoError(t, err, name)
		require.Equal(t, []safepprof.ValueType{{Type: "cpu", Unit: long[:64]}}, info.SampleTypes, name)
		require.Equal(t, "cpu", info.DefaultSampleType, name)
		require.Equal(t, "cpu/"+long[:64], info.SampleTypes[0].String())
	}
	unknown, err := checker(t, safepprof.Limits{}).Check(bytes.NewReader(proftest.Message{}.Strings("wall", "ns").Column()))
	require.NoError(t, err)
	require.Equal(t, "other profile of 0 samples", unknown.String())
}

// Fields of versions to come are passed over.
func TestUnknownFields(t *testing.T) {
	m := proftest.Small().Num(99, 7).Bytes(98, []byte("new")).Key(97, 1)
	m = append(m, 1, 2, 3, 4, 5, 6, 7, 8)
	m = append(m.Key(96, 5), 1, 2, 3, 4)
	_, err := checker(t, safepprof.Limits{}).Check(bytes.NewReader(m))
	require.NoError(t, err)
	_, err = checker(t, safepprof.Limits{}).Check(bytes.NewReader(m.Bytes(98, make([]byte, 1<<20))))
	requireReason(t, err)
}

// In messages, too, of whatever wire type and with whatever in them.
func TestUnknownFieldsOfMessages(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	message := proftest.Message{}
	label := message.Num(1, 1)
	for name, unknown := range map[string]proftest.Message{
		"number":  message.Num(99, 1<<63),
		"bytes":   message.Bytes(15, []byte{0x83, 0x83}),
		"32 bits": append(message.Key(15, 5), 0x83, 0x83, 0x83, 0x83),
		"64 bits": append(message.Key(15, 1), 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83, 0x83),
	} {
		with := func(m proftest.Message) proftest.Message { return append(slices.Clip(m), unknown...) }
		for field, m := range map[uint64]proftest.Message{
			1: message.Num(1, 1).Num(2, 2), 2: message.Packed(1, 1).Packed(2, 7), 3: message.Num(1, 1),
			4: message.Num(1, 7), 5: message.Num(1, 7), 11: message.Num(1, 1),
		} {
			head := message.Strings("cpu", "nanoseconds")
			if field != 1 {
				head = head.Column()
			}
			_, err := c.Check(bytes.NewReader(head.Bytes(field, with(m))))
			require.NoError(t, err, "%s in field %d", name, field)
		}
		_, err := c.Check(bytes.NewReader(proftest.Small().Bytes(2, message.Num(2, 1).Bytes(3, with(label)))))
		require.NoError(t, err, "%s in a label", name)
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range proftest.Shapes() {
		f.Add(s.Of(200))
		f.Add(proftest.Zip(f, s.Of(2000)))
	}
	for _, name := range []string{"gofmt-cpu", "link-cpu", "shop-goroutine", "shop-threadcreate", "shop-block"} {
		raw := proftest.Real(f)[name]
		f.Add(raw)
		f.Add(plain(f, raw))
	}
	f.Add(proftest.Trace(f)[:200])
	c := checker(f, safepprof.Limits{Decoded: 64 << 20})
	f.Fuzz(func(t *testing.T, body []byte) { within(t, c, body) })
}
