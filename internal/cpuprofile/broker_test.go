package cpuprofile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime/pprof"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/cpuprofile"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a profiler that writes when and how long it ran.
type fake struct {
	w      io.Writer
	begun  time.Time
	refuse bool
	starts int
	torn   bool // what it writes is no profile
}

func (f *fake) Start(w io.Writer) error {
	if f.refuse || f.w != nil {
		return errors.New("cpu profiling already in use")
	}
	f.w, f.begun = w, time.Now()
	f.starts++
	return nil
}

func (f *fake) Stop() {
	if f.torn {
		_, _ = io.WriteString(f.w, "torn")
	} else {
		took := time.Since(f.begun)
		_ = (&profile.Profile{
			SampleType: []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}},
			TimeNanos:  f.begun.UnixNano(), DurationNanos: int64(took),
			Sample: []*profile.Sample{{Value: []int64{int64(took)}}},
		}).Write(f.w)
	}
	f.w = nil
}

func pass(n int) { <-time.After(time.Duration(n) * time.Second) }

func join(t *testing.T, b *cpuprofile.Broker) *cpuprofile.Session {
	t.Helper()
	s := testkit.Must(b.Join(false))(t)
	return s
}

func leave(t *testing.T, s *cpuprofile.Session) []cpuprofile.Profile {
	t.Helper()
	p := testkit.Must(s.Leave())(t)
	return p
}

// totals are the sums of the profiles' samples, which are their durations too.
func totals(t *testing.T, all []cpuprofile.Profile) (sums []time.Duration) {
	t.Helper()
	for _, p := range all {
		parsed := testkit.Must(profile.ParseData(p.Data))(t)
		var sum time.Duration
		for _, s := range parsed.Sample {
			sum += time.Duration(s.Value[0])
		}
		require.Equal(t, p.Duration, sum)
		sums = append(sums, sum)
	}
	return sums
}

func inSeconds(n ...int) (out []time.Duration) {
	for _, n := range n {
		out = append(out, time.Duration(n)*time.Second)
	}
	return out
}

func TestOneMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		begin := time.Now()
		s := join(t, b)
		pass(5)
		p := leave(t, s)
		require.Equal(t, inSeconds(5), totals(t, p))
		require.WithinDuration(t, begin, p[0].Start, 0)
		require.Nil(t, f.w, "the profiler is off")
		require.Error(t, testkit.Err(s.Leave()), "left already")
	})
}

// A later session shares the profile, and one that stays longer loses nothing.
func TestMembersShareOneProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		first := join(t, b)
		pass(5)
		second := join(t, b)
		require.Equal(t, 1, f.starts)
		pass(5)
		p := leave(t, first)
		require.Equal(t, inSeconds(10), totals(t, p))
		pass(5)
		q := leave(t, second)
		require.Equal(t, inSeconds(10, 5), totals(t, q), "the slice that it joined, and the one after")
		require.Equal(t, 2, f.starts)
		require.Equal(t, inSeconds(10), totals(t, p), "what was given away does not change")
	})
}

// Cut returns the profiles so far, and other sessions lose nothing.
func TestCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		first, second := join(t, b), join(t, b)
		pass(2)
		p := testkit.Must(first.Cut())(t)
		require.Equal(t, inSeconds(2), totals(t, p))
		pass(4)
		p = testkit.Must(first.Cut())(t)
		require.Equal(t, inSeconds(4), totals(t, p))
		pass(1)
		require.Equal(t, inSeconds(1), totals(t, leave(t, first)))
		require.Equal(t, inSeconds(2, 4, 1, 0), totals(t, leave(t, second)))
		require.ErrorContains(t, testkit.Err(first.Cut()), "left already")
	})
}

// A profiler that is lost at a cut leaves what was before.
func TestCutLosesTheProfiler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := join(t, cpuprofile.New(f))
		pass(2)
		f.refuse = true
		p, err := s.Cut()
		require.Equal(t, inSeconds(2), totals(t, p))
		require.ErrorIs(t, err, cpuprofile.ErrBusy)
		p, err = s.Leave()
		require.Empty(t, p)
		require.ErrorIs(t, err, cpuprofile.ErrBusy)
	})
}

// A profile that a user asks for is of its own time, and takes nothing from the session
// that is running: an operator's request does not fail because of holmes.
func TestProfileBesideASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		s := join(t, b)
		pass(5)
		p := testkit.Must(b.Profile(t.Context(), 3*time.Second))(t)
		require.Equal(t, inSeconds(3), totals(t, p))
		pass(4)
		require.Equal(t, inSeconds(5, 3, 4), totals(t, leave(t, s)))
	})
}

func TestProfileAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		p := testkit.Must(b.Profile(t.Context(), 3*time.Second))(t)
		require.Equal(t, inSeconds(3), totals(t, p))
		require.Equal(t, 1, f.starts)
		require.Nil(t, f.w, "the profiler is off")

		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		p = testkit.Must(b.Profile(ctx, time.Hour))(t)
		require.Equal(t, inSeconds(2), totals(t, p), "until the context is done")

		f.refuse = true
		require.ErrorIs(t, testkit.Err(b.Profile(t.Context(), time.Second)), cpuprofile.ErrBusy)
	})
}

func TestForeignProfilerIsBusy(t *testing.T) {
	f := &fake{refuse: true}
	b := cpuprofile.New(f)
	require.ErrorIs(t, testkit.Err(b.Join(true)), cpuprofile.ErrBusy)
	f.refuse = false
	leave(t, join(t, b))
}

// When other code takes the profiler between two slices, the session that stays
// keeps what it had and is told.
func TestProfilerLostBetweenSlices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		first, second := join(t, b), join(t, b)
		pass(3)
		f.refuse = true
		leave(t, first)
		pass(3)
		p, err := second.Leave()
		require.Equal(t, inSeconds(3), totals(t, p))
		require.ErrorContains(t, err, "cut short")
		require.ErrorIs(t, err, cpuprofile.ErrBusy)
	})
}

func TestTornSliceIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		b := cpuprofile.New(f)
		first, second := join(t, b), join(t, b)
		pass(3)
		f.torn = true
		p, err := first.Leave()
		require.ErrorContains(t, err, "slice of")
		require.Empty(t, p)
		f.torn = false
		pass(3)
		p, err = second.Leave()
		require.Equal(t, inSeconds(3), totals(t, p))
		require.ErrorContains(t, err, "slice of")
	})
}

// The profiler runs at most a tenth of any hour, except for urgent sessions.
func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := cpuprofile.New(&fake{})
		for range 6 {
			s := join(t, b)
			pass(60)
			leave(t, s)
			pass(60)
		}
		require.ErrorIs(t, testkit.Err(b.Join(false)), cpuprofile.ErrBudget)
		s := testkit.Must(b.Join(true))(t)
		leave(t, s)
		pass(49 * 60) // the first minute is an hour ago
		leave(t, join(t, b))
	})
}

// The real profiler: one that runs is busy, one that is free brings a profile
// that pprof reads.
func TestRuntimeProfiler(t *testing.T) {
	b := cpuprofile.New(cpuprofile.Runtime{})
	var foreign bytes.Buffer
	require.NoError(t, pprof.StartCPUProfile(&foreign))
	require.ErrorIs(t, testkit.Err(b.Join(false)), cpuprofile.ErrBusy)
	pprof.StopCPUProfile()

	s := join(t, b)
	require.Error(t, pprof.StartCPUProfile(io.Discard), "it is ours now")
	p := leave(t, s)
	require.Len(t, p, 1)
	parsed := testkit.Must(profile.ParseData(p[0].Data))(t)
	require.Equal(t, p[0].Start.UnixNano(), parsed.TimeNanos)
	require.Positive(t, p[0].Duration)
	require.NoError(t, pprof.StartCPUProfile(io.Discard), "and free again")
	pprof.StopCPUProfile()
}
