package safepprof_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

func TestMain(m *testing.M) {
	childMain()
	goleak.VerifyTestMain(m)
}

func checker(tb testing.TB, limits safepprof.Limits) *safepprof.Checker {
	tb.Helper()
	c, err := safepprof.New(limits)
	require.NoError(tb, err)
	return c
}

func plain(tb testing.TB, zipped []byte) []byte {
	tb.Helper()
	zip, err := gzip.NewReader(bytes.NewReader(zipped))
	require.NoError(tb, err)
	raw, err := io.ReadAll(zip)
	require.NoError(tb, err)
	return raw
}

// allocated is what a call allocates in all.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// requireReason: a refusal for the sender, with its type in the chain.
func requireReason(tb testing.TB, err error, why ...any) {
	tb.Helper()
	require.Error(tb, err, why...)
	if _, ok := errors.AsType[*safepprof.TooLargeError](err); ok {
		require.Equal(tb, collector.TooLarge, collector.CodeOf(err), why...)
		return
	}
	_, ok := errors.AsType[*safepprof.NotProfileError](err)
	require.True(tb, ok, "%v: %T", why, err)
	require.Equal(tb, collector.Invalid, collector.CodeOf(err), why...)
}

// Every real profile passes, and Info says what google's decoder says.
func TestRealProfilesPass(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	all := proftest.All(t)
	programs := map[string]bool{}
	for name := range proftest.Real(t) {
		program, _, _ := strings.Cut(name, "-")
		programs[program] = true
	}
	require.GreaterOrEqual(t, len(programs), 20)
	for name, raw := range all {
		t.Run(name, func(t *testing.T) {
			inflated := plain(t, raw)
			var p *profile.Profile
			got := allocated(func() { p, _ = profile.ParseUncompressed(inflated) })
			require.NotNil(t, p)
			ways := map[string]io.Reader{
				"gzipped": bytes.NewReader(raw), "plain": bytes.NewReader(inflated),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(raw)), "plain by halves": iotest.HalfReader(bytes.NewReader(inflated)),
			}
			for way, src := range ways {
				info, err := c.Check(src)
				require.NoError(t, err, way)
				requireInfo(t, p, info)
				require.EqualValues(t, len(inflated), info.Inflated)
				require.GreaterOrEqual(t, info.Decoded, got)
				require.Less(t, info.Decoded, 3*got+64<<10, "the estimate is of use")
			}
			info, err := c.Check(bytes.NewReader(raw))
			require.NoError(t, err)
			require.EqualValues(t, len(raw), info.Body)
			kind := collector.Kind(proftest.Kind(name))
			if kind == collector.KindBlock {
				require.Equal(t, collector.KindMutex, info.Kind, "nothing tells them apart")
			} else {
				require.Equal(t, kind, info.Kind)
			}
			require.NoError(t, info.Agrees(kind))
		})
	}
}

func requireInfo(t *testing.T, want *profile.Profile, got safepprof.Info) {
	t.Helper()
	require.Equal(t, len(want.Sample), got.Samples)
	require.Equal(t, want.DefaultSampleType, got.DefaultSampleType)
	require.EqualValues(t, want.DurationNanos, got.Duration)
	require.Equal(t, time.Unix(0, want.TimeNanos).UTC(), got.Time)
	require.Len(t, got.SampleTypes, len(want.SampleType))
	for i, st := range want.SampleType {
		require.Equal(t, safepprof.ValueType{Type: st.Type, Unit: st.Unit}, got.SampleTypes[i])
	}
}

// Read returns what compress/gzip returns, behind what the buffer held.
func TestRead(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	var buf []byte
	for name, raw := range proftest.Real(t) {
		got, info, err := c.Read(bytes.NewReader(raw), append(buf[:0], "before"...))
		require.NoError(t, err, name)
		require.Equal(t, append([]byte("before"), plain(t, raw)...), got, name)
		require.EqualValues(t, len(got)-6, info.Inflated)
		buf = got

		got, _, err = c.Read(bytes.NewReader(raw[:len(raw)-1]), nil)
		requireReason(t, err, name)
		require.Nil(t, got)
	}
}

func TestTrace(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	raw := proftest.Trace(t)
	for _, body := range [][]byte{raw, proftest.Zip(t, raw)} {
		info, err := c.Check(iotest.OneByteReader(bytes.NewReader(body)))
		require.NoError(t, err)
		require.Equal(t, safepprof.Info{
			Kind: collector.KindTrace, Body: int64(len(body)), Inflated: int64(len(raw)), Decoded: int64(len(raw)),
		}, info)
		require.NoError(t, info.Agrees(collector.KindTrace))
	}
	_, err := checker(t, safepprof.Limits{Inflated: int64(len(raw) - 1)}).Check(bytes.NewReader(raw))
	requireReason(t, err)
}

func TestAgrees(t *testing.T) {
	fits := map[collector.Kind][]collector.Kind{ // by content: the types that it passes as
		collector.KindCPU:       {collector.KindCPU, collector.KindOther},
		collector.KindHeap:      {collector.KindHeap, collector.KindOther},
		collector.KindMutex:     {collector.KindMutex, collector.KindBlock, collector.KindOther},
		collector.KindGoroutine: {collector.KindGoroutine, collector.KindOther},
		collector.KindTrace:     {collector.KindTrace},
		collector.KindOther: {
			collector.KindCPU, collector.KindHeap, collector.KindMutex, collector.KindBlock, collector.KindGoroutine,
			collector.KindThreadcreate, collector.KindOther,
		},
	}
	types := map[collector.Kind]string{
		collector.KindCPU: "cpu", collector.KindHeap: "inuse_space", collector.KindMutex: "delay", collector.KindGoroutine: "goroutine", collector.KindOther: "fish",
	}
	for content, pass := range fits {
		for _, kind := range collector.Kinds() {
			info := safepprof.Info{Kind: content, SampleTypes: []safepprof.ValueType{{Type: types[content]}}}
			err := info.Agrees(kind)
			require.Equal(t, slices.Contains(pass, kind), err == nil, "%s as %s", content, kind)
			if err != nil {
				require.Equal(t, collector.Invalid, collector.CodeOf(err))
				require.ErrorContains(t, err, string(kind))
			}
		}
	}
	info := safepprof.Info{Kind: collector.KindHeap, SampleTypes: []safepprof.ValueType{{Type: "inuse_space", Unit: "bytes"}}}
	require.EqualError(t, info.Agrees(collector.KindCPU), "holmes: the type is cpu, but the content is a heap profile (inuse_space)")

	info = safepprof.Info{Kind: collector.KindCPU, SampleTypes: []safepprof.ValueType{{Type: "cpu"}, {Type: "inuse_space"}}} // of two kinds
	require.NoError(t, info.Agrees(collector.KindCPU))
	require.NoError(t, info.Agrees(collector.KindHeap))
	require.Error(t, info.Agrees(collector.KindGoroutine))
}

// Each limit lets pass what just fits.
func TestLimits(t *testing.T) {
	raw := proftest.Real(t)["shop-heap"]
	info, err := checker(t, safepprof.Limits{}).Check(bytes.NewReader(raw))
	require.NoError(t, err)
	fits := safepprof.Limits{Body: info.Body, Inflated: info.Inflated, Decoded: info.Decoded + 1}
	_, err = checker(t, fits).Check(bytes.NewReader(raw))
	require.NoError(t, err)
	for what, limits := range map[safepprof.What]safepprof.Limits{
		safepprof.Body:     {Body: fits.Body - 1},
		safepprof.Inflated: {Inflated: fits.Inflated - 1},
		safepprof.Decoded:  {Decoded: fits.Decoded - 2},
	} {
		_, err := checker(t, limits).Check(bytes.NewReader(raw))
		requireReason(t, err)
		large, ok := errors.AsType[*safepprof.TooLargeError](err)
		require.True(t, ok)
		require.Equal(t, what, large.What)
		require.ErrorContains(t, err, "holmes: the profile ")
	}
	_, err = safepprof.New(safepprof.Limits{Body: -1, Decoded: -2})
	require.EqualError(t, err, "holmes: safepprof: Limits.Body is -1, below 0\nholmes: safepprof: Limits.Decoded is -2, below 0")
}

func TestReasons(t *testing.T) {
	for _, tt := range []struct {
		limit safepprof.Limits
		what  safepprof.What
		want  string
	}{
		{safepprof.Limits{Body: 1 << 20}, safepprof.Body, "the profile is larger than 1 MiB"},
		{safepprof.Limits{Inflated: 3 << 20}, safepprof.Inflated, "the profile inflates to more than 3 MiB"},
		{safepprof.Limits{Decoded: 1000}, safepprof.Decoded, "the profile would decode to more than 1000 bytes"},
	} {
		noise := make([]byte, 4<<20) // one long string after another, hardly zipped
		for i := range noise {
			noise[i] = byte(i * i >> 3)
		}
		body := proftest.Message{}.Strings("cpu", "nanoseconds").Column()
		for chunk := range slices.Chunk(noise, 1<<19) {
			body = body.Bytes(6, chunk)
		}
		_, err := checker(t, tt.limit).Check(bytes.NewReader(body))
		require.EqualError(t, err, "holmes: "+tt.want)
	}
}

// An error of the source is not blamed on the sender.
func TestSourceErrors(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	reset := errors.New("connection reset")
	raw := proftest.Real(t)["shop-heap"]
	for name, body := range map[string][]byte{"gzip": raw, "plain": plain(t, raw), "trace": proftest.Trace(t), "nothing": nil, "one byte": {0x1f}} {
		for _, n := range []int{0, 1, 2, len(body) / 2, len(body)} {
			src := io.MultiReader(bytes.NewReader(body[:min(n, len(body))]), iotest.ErrReader(reset))
			_, err := c.Check(src)
			require.ErrorIs(t, err, reset, "%s, %d bytes", name, n)
			require.Equal(t, collector.Internal, collector.CodeOf(err))
		}
	}
	busy := collector.Errorf(collector.Busy, "too slow")
	_, err := c.Check(iotest.ErrReader(busy))
	require.Equal(t, collector.Busy, collector.CodeOf(err), "an error that has a code keeps it")
}

// The allocations of a check do not depend on the profile.
func TestAllocatesNothingButInfo(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	src := bytes.NewReader(nil)
	for name, raw := range proftest.Real(t) {
		for _, body := range [][]byte{raw, plain(t, raw)} {
			check := func() {
				src.Reset(body)
				_, err := c.Check(src)
				require.NoError(t, err)
			}
			for range 2 { // the tables for inflating grow to the largest that were needed
				check()
			}
			n := testing.AllocsPerRun(5, check)
			require.LessOrEqual(t, n, 14.0, name) // the names of eight strings, their list, the sub-test's own
		}
	}
}

func TestConcurrent(t *testing.T) {
	c := checker(t, safepprof.Limits{})
	all := proftest.Real(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for name, raw := range all {
				got, info, err := c.Read(bytes.NewReader(raw), nil)
				if err != nil || info.Kind.File() == "" || int64(len(got)) != info.Inflated {
					t.Errorf("%s: %v %v", name, info, err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkCheck(b *testing.B) {
	raw := proftest.Real(b)["compile-large-cpu"]
	c := checker(b, safepprof.Limits{})
	inflated := plain(b, raw)
	src := bytes.NewReader(nil)
	for _, bb := range []struct {
		name string
		body []byte
		look func() error
	}{
		{"gzip/holmes", raw, func() error { _, err := c.Check(src); return err }},
		{"gzip/shallow", raw, func() error { _, err := c.ShallowCheck(src); return err }},
		{"gzip/google", raw, func() error { _, err := profile.Parse(src); return err }},
		{"plain/holmes", inflated, func() error { _, err := c.Check(src); return err }},
		{"plain/google", inflated, func() error { _, err := profile.ParseUncompressed(inflated); return err }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				src.Reset(bb.body)
				require.NoError(b, bb.look())
			}
		})
	}
}
