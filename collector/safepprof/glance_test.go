package safepprof_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
	"github.com/go-holmes/holmes/collector/safepprof/proftest"
	"github.com/go-holmes/holmes/collector/safepprof/wire"
)

// glanced is what a glance does not look into.
const glanced = 512 << 10

// glance is that of an upload, which can be looked at again.
func glance(c *safepprof.Checker, raw []byte, kind collector.Kind) (safepprof.Info, error) {
	again := func() (io.Reader, error) { return bytes.NewReader(raw), nil }
	return c.Glance(iotest.HalfReader(bytes.NewReader(raw)), kind, again)
}

// Of real profiles a glance tells what the whole look tells, but for the cost, and
// for what is beyond a glimpse; of what is not zipped all of it.
func TestGlance(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	var partial []string
	for name, raw := range proftest.Real(t) {
		kind := collector.Kind(proftest.Kind(name))
		whole, err := c.Check(bytes.NewReader(raw))
		require.NoError(t, err, name)
		got, err := glance(c, raw, kind)
		require.NoError(t, err, name)
		require.Less(t, got.Decoded, whole.Decoded, name)
		got.Decoded = whole.Decoded
		if got.Partial {
			partial = append(partial, name)
			require.Less(t, got.Samples, whole.Samples)
			require.Empty(t, got.SampleTypes)
			got.Samples, got.SampleTypes, got.Partial = whole.Samples, whole.SampleTypes, false
		}
		require.Equal(t, whole, got, name)

		whole, err = c.Check(bytes.NewReader(plain(t, raw)))
		require.NoError(t, err, name)
		got, err = glance(c, plain(t, raw), kind)
		require.NoError(t, err, name)
		require.Equal(t, whole, got, name)
	}
	slices.Sort(partial)
	require.Equal(t, []string{"compile-large-cpu"}, partial, "CPU profiles of more than 64 KiB before the strings")
}

// Whatever a sender calls it, a glance finds a contradiction where the whole look
// does, and names the same.
func TestGlanceContradicts(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	found := 0
	for name, raw := range proftest.Real(t) {
		whole, err := c.Check(bytes.NewReader(raw))
		require.NoError(t, err)
		for _, kind := range collector.Kinds() {
			if !kind.Pprof() {
				continue
			}
			got, err := glance(c, raw, kind)
			require.NoError(t, err)
			want := whole.Agrees(kind)
			require.Equal(t, want, got.Agrees(kind), "%s as %s", name, kind)
			if want != nil {
				found++
			}
		}
	}
	require.Greater(t, found, 50)
}

// glimpsed is what is inflated of a large CPU profile.
const glimpsed = 64 << 10

// Noise is what is not easily zipped.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(random.Uint32())
	}
	return out
}

// grown returns a profile with so much of its first sample that its strings are
// out of sight.
func grown(t *testing.T, inflated []byte) []byte {
	t.Helper()
	for w, at := wire.Walk(inflated), 0; w.Next(); at = len(inflated) - w.Left() {
		if w.Field == wire.ProfileSample {
			sample := inflated[at : len(inflated)-w.Left()]
			return slices.Concat(inflated[:at], bytes.Repeat(sample, glimpsed/len(sample)+1), inflated[at:])
		}
	}
	require.Fail(t, "no sample")
	return nil
}

// Every CPU profile of a Go program is known by its head, and nothing else is
// taken for one.
func TestHeadOfCPU(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	all := proftest.Real(t)
	for kind, raw := range proftest.Own(t) {
		all["own-"+kind] = raw
	}
	known := 0
	for name, raw := range all {
		kind := collector.Kind(proftest.Kind(name))
		raw = proftest.Zip(t, grown(t, plain(t, raw)))
		got, err := glance(c, raw, collector.KindOther)
		require.NoError(t, err, name)
		require.Equal(t, kind == collector.KindCPU, got.Partial, name)
		if got.Partial {
			known++
			require.Equal(t, collector.KindCPU, got.Kind)
		}
	}
	require.Greater(t, known, 15)
}

// What looks like a CPU profile but for one thing is looked at in full, whose
// strings tell that it is none.
func TestGlanceIsNotFooled(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	m := proftest.Message{}
	padding := m.Bytes(4, m.Num(1, 1).Bytes(100, noise(30_000)))
	good := proftest.LargeCPU(bytes.Repeat(padding, 3))
	info, err := glance(c, proftest.Zip(t, good), collector.KindCPU)
	require.NoError(t, err)
	require.True(t, info.Partial)
	require.Equal(t, collector.KindCPU, info.Kind)
	require.EqualValues(t, len(good), info.Inflated)
	require.Equal(t, 10*time.Second, info.Duration)
	require.EqualValues(t, 1_700_000_000_000_000_000, info.Time.UnixNano())

	period := m.Bytes(11, m.Num(1, 3).Num(2, 4))
	for name, change := range map[string]func(b []byte) []byte{
		"period of the first column": func(b []byte) []byte { return bytes.Replace(b, period, m.Bytes(11, m.Num(1, 1).Num(2, 2)), 1) },
		"no time":                    func(b []byte) []byte { return b[10:] },
		"no period":                  func(b []byte) []byte { return bytes.Replace(b, m.Num(12, 10_000_000), nil, 1) },
		"a third column": func(b []byte) []byte {
			return bytes.Replace(b, m.Num(12, 10_000_000), m.Num(12, 10_000_000).Bytes(1, m.Num(1, 3).Num(2, 4)), 1)
		},
		"samples first": func(b []byte) []byte { return append(m.Bytes(2, m.Packed(1, 1).Packed(2, 1, 1)), b...) },
		"strings first": func(b []byte) []byte { return append(m.Strings("contentions", "count", "delay", "nanoseconds"), b...) },
		"early strings": func(b []byte) []byte {
			at := bytes.Index(b, m.Num(12, 10_000_000)) + len(m.Num(12, 10_000_000))
			return slices.Concat(b[:at], m.Strings("contentions", "count", "delay", "nanoseconds"), b[at:])
		},
		"two trailers": nil,
		"garbage":      nil,
	} {
		t.Run(name, func(t *testing.T) {
			var raw []byte
			switch name {
			case "two trailers":
				raw = append(proftest.Zip(t, good), proftest.Zip(t, m.Num(10, 1))...)
			case "garbage":
				raw = append(proftest.Zip(t, good), noise(1000)...)
			default:
				changed := change(bytes.Clone(good))
				require.NotEqual(t, good, changed)
				raw = proftest.Zip(t, changed)
			}
			whole, wholeErr := glance(c, raw, collector.KindHeap)
			got, err := glance(c, raw, collector.KindCPU)
			require.Equal(t, wholeErr, err)
			require.False(t, got.Partial)
			got.Decoded = whole.Decoded // what lies in two chunks is looked into
			require.Equal(t, whole, got)
		})
	}
}

// The size in the trailer is believed within reason only; what lies within reason
// is found as soon as anything is done with the profile.
func TestGlanceOfALie(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	raw := proftest.Zip(t, proftest.LargeCPU(bytes.Repeat(proftest.Message{}.Location(1), 8<<20)))
	_, err := glance(c, raw, collector.KindCPU)
	requireReason(t, err)
	require.Equal(t, collector.TooLarge, collector.CodeOf(err))
	lie := func(size int) []byte {
		return binary.LittleEndian.AppendUint32(bytes.Clone(raw[:len(raw)-4]), uint32(size))
	}
	for _, size := range []int{0, glimpsed, glimpsed + 1000, 128 << 20, 1 << 31, 1<<32 - 1} {
		_, err := glance(c, lie(size), collector.KindCPU)
		requireReason(t, err, size)
	}
	_, err = glance(checker(t, safepprof.Limits{Inflated: 2 * glimpsed}), proftest.Real(t)["compile-large-cpu"], collector.KindCPU)
	require.Equal(t, collector.TooLarge, collector.CodeOf(err))
	got, err := glance(c, lie(glimpsed+8*len(raw)), collector.KindCPU)
	require.NoError(t, err)
	require.True(t, got.Partial)
	grown := allocated(func() { _, _, err = c.Read(bytes.NewReader(lie(glimpsed+8*len(raw))), nil) })
	require.Equal(t, collector.TooLarge, collector.CodeOf(err))
	require.Less(t, grown, int64(512<<20))
}

// A profile that cannot be read again is not stored.
func TestGlanceAgain(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	raw := proftest.Zip(t, proftest.LargeCPU(noise(100)))
	raw = append(raw, 1)
	gone := errors.New("the disk is gone")
	_, err := c.Glance(bytes.NewReader(raw), collector.KindCPU, func() (io.Reader, error) { return nil, gone })
	require.ErrorIs(t, err, gone)
	broken := io.MultiReader(bytes.NewReader(raw[:len(raw)-10]), iotest.ErrReader(gone))
	_, err = c.Glance(broken, collector.KindCPU, nil)
	require.ErrorIs(t, err, gone)
	small := checker(t, safepprof.Limits{Body: int64(len(raw) - 20)})
	_, err = small.Glance(bytes.NewReader(raw), collector.KindCPU, nil)
	require.Equal(t, collector.TooLarge, collector.CodeOf(err))
}

// What is wrong in a message is found when it is not zipped, or comes late; what is
// wrong around it always; and Read finds it in any case.
func TestGlanceFinds(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	head := proftest.Message{}.Strings("cpu", "nanoseconds").Column()
	sample := proftest.Message{}.Sample(1)
	sound := bytes.Repeat(sample, glanced/len(sample)+1)
	for _, tt := range []struct {
		name  string
		fault proftest.Message
		early bool // found among the first, too
	}{
		{"a location of no ID", proftest.Message{}.Location(0), false},
		{"two values", proftest.Message{}.Bytes(2, proftest.Message{}.Packed(2, 1, 2)), false},
		{"a wire type in a message", proftest.Message{}.Bytes(5, proftest.Message{}.Bytes(1, nil)), false},
		{"a wire type", proftest.Message{}.Num(2, 1), true},
		{"a field 0", proftest.Message{}.Num(0, 1), true},
		{"a cut", proftest.Message{}.Key(2, 2), true},
		{"a string that there is not", proftest.Message{}.Num(14, 99), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			early := append(append(bytes.Clone(head), tt.fault...), sound[:200*len(sample)]...)
			if tt.name == "a cut" {
				early = append(bytes.Clone(head), tt.fault...)
			}
			late := append(append(bytes.Clone(head), sound...), tt.fault...)
			for _, body := range [][]byte{early, late, proftest.Zip(t, late)} {
				_, err := glance(c, body, collector.KindCPU)
				requireReason(t, err)
			}
			_, err := glance(c, proftest.Zip(t, early), collector.KindCPU)
			require.Equal(t, tt.early, err != nil, "%v", err)
			_, _, err = c.Read(bytes.NewReader(proftest.Zip(t, early)), nil)
			requireReason(t, err)
		})
	}

	mapping := proftest.Message{}.Bytes(3, proftest.Message{}.Num(1, 1))
	mappings := append(bytes.Clone(head), bytes.Repeat(mapping, 70_000)...)
	_, err := glance(c, proftest.Zip(t, mappings), collector.KindCPU)
	require.ErrorContains(t, err, "more than 65536 mappings")
}

// However much there is in what is not looked into, decoding it takes less than
// 128 MiB.
func TestGlanceIsBounded(t *testing.T) {
	c := checker(t, safepprof.Limits{Decoded: 1 << 40})
	bodies := map[string][]byte{}
	for _, s := range proftest.Shapes() {
		bodies[s.Name] = s.Of(glanced)
	}
	sample := proftest.Message{}.Bytes(2, proftest.Message{}.Num(2, 1).Bytes(3, proftest.Message{}.Num(4, 1)))
	bodies["labels of a unit alone"] = append(proftest.Message{}.Strings("cpu", "nanoseconds").Column(), bytes.Repeat(sample, glanced/len(sample))...)
	for name, body := range bodies {
		info, err := c.Check(bytes.NewReader(body))
		if err == nil { // or it is refused when it is read
			require.Less(t, info.Decoded, int64(128<<20), name)
			t.Logf("%s: %d MiB", name, info.Decoded>>20)
		}
	}
}
