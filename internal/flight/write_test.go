package flight_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/flight"
	"github.com/go-holmes/holmes/internal/testkit"
)

// written collects a trace of the fake.
type written struct {
	header string
	parts  []uint64 // by their numbers
	bytes  int64

	fail  error
	short bool
	panic bool
}

func (w *written) Write(p []byte) (int, error) {
	switch {
	case w.fail != nil:
		return 0, w.fail
	case w.short:
		return len(p) - 1, nil
	case w.panic:
		panic("boom")
	}
	w.bytes += int64(len(p))
	switch {
	case w.header == "":
		w.header = string(p)
	case len(p) > 1:
		w.parts = append(w.parts, uint64(p[1]))
	}
	return len(p), nil
}

// armed returns a session at 100 KB/s, whose 12 parts are of a second each but
// for the first ones, and whose ring holds the latest five or six.
func armed(t *testing.T, f *fake) *flight.Session {
	t.Helper()
	f.rate = 100_000
	s := arm(t, flight.New(f), flight.Settings{MinAge: time.Minute, MaxBytes: 500_000})
	pass(9*time.Second + 490*time.Millisecond)
	_, _, passes := f.counts()
	require.Equal(t, 12, passes)
	return s
}

func TestWriteTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := armed(t, f)
		var got written
		trace := testkit.Must(s.WriteTo(t.Context(), &got, mb))(t)
		require.Equal(t, "go 1.26 trace\x00\x00\x00", got.header)
		// The pass that looks ends part 13, the one that writes part 14.
		require.Equal(t, uint64(13), got.parts[len(got.parts)-1])
		require.Equal(t, got.bytes, trace.Bytes)
		require.Equal(t, trace.Total, trace.Bytes)
		require.Greater(t, trace.Bytes, int64(500_000))
		require.Equal(t, time.Now(), trace.Until)
		require.InDelta(t, 5.5*float64(time.Second), trace.Until.Sub(trace.Since), float64(time.Second))
		require.False(t, trace.Shared)
		disarm(t, s)
	})
}

// A trace that is too large is cut between its parts, and the latest stay.
func TestWriteToLeavesOutTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := armed(t, f)
		var all written
		whole := testkit.Must(s.WriteTo(t.Context(), &all, mb))(t)
		for limit := whole.Total; limit > 0; limit -= 9000 {
			pass(900 * time.Millisecond)
			var got written
			trace, err := s.WriteTo(t.Context(), &got, limit)
			if errors.Is(err, flight.ErrTooLarge) {
				require.Zero(t, got.bytes)
				require.Zero(t, trace)
				require.Less(t, limit, int64(100_100))
				continue
			}
			require.NoError(t, err)
			require.LessOrEqual(t, got.bytes, limit)
			require.Equal(t, got.bytes, trace.Bytes)
			require.LessOrEqual(t, trace.Bytes, trace.Total)
			require.NotEmpty(t, got.parts)
			for i, part := range got.parts[1:] {
				require.Equal(t, got.parts[i]+1, part)
			}
			if trace.Bytes < trace.Total {
				require.Greater(t, trace.Bytes, limit-100_100, "no more is left out than must be")
			}
			wrote := float64(trace.Bytes) / 100_000
			require.InDelta(t, wrote, trace.Until.Sub(trace.Since).Seconds(), 0.1)
		}
		disarm(t, s)
	})
}

// Parts that the recorder drops between the two reads are missing, and parts that
// begin between them are left out.
func TestRingMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		s := armed(t, f)
		f.set(func(f *fake) {
			before := f.passes
			f.between = func() {
				if f.passes == before+1 { // the second pass
					f.ring = f.ring[len(f.ring)-1:]
				}
			}
		})
		var got written
		require.NoError(t, testkit.Err(s.WriteTo(t.Context(), &got, mb)))
		require.Equal(t, []uint64{13}, got.parts)

		pass(time.Second)
		f.set(func(f *fake) {
			before := f.passes
			f.between = func() {
				if f.passes == before+1 {
					f.ring = nil
				}
			}
		})
		got = written{}
		_, err := s.WriteTo(t.Context(), &got, mb)
		require.ErrorIs(t, err, flight.ErrTooLarge)
		require.ErrorContains(t, err, "faster than it can be read")
		require.Zero(t, got.bytes)
		disarm(t, s)
	})
}

// A trace of an unknown form is written completely or not at all.
func TestMalformedTrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{header: "go 1.99 trace of another length"}
		s := armed(t, f)
		require.NoError(t, s.Err())
		var got written
		trace := testkit.Must(s.WriteTo(t.Context(), &got, mb))(t)
		require.Equal(t, trace.Bytes, got.bytes)
		require.Equal(t, f.header, got.header)
		require.EqualValues(t, 14, got.parts[len(got.parts)-1], "and what has come meanwhile")
		got = written{}
		require.ErrorIs(t, testkit.Err(s.WriteTo(t.Context(), &got, 400_000)), flight.ErrTooLarge)
		require.Zero(t, got.bytes)
		f.set(func(f *fake) { f.rate = 20 * mb })
		<-s.Lost()
		disarm(t, s)
	})
}

func TestWriterThatFails(t *testing.T) {
	errDisk := errors.New("no space left")
	for name, test := range map[string]struct {
		w    *written
		is   error
		says string
	}{
		"error": {&written{fail: errDisk}, errDisk, "holmes: flight recorder: no space left"},
		"short": {&written{short: true}, io.ErrShortWrite, "short write"},
		"panic": {&written{panic: true}, nil, "the writer panicked: boom"},
	} {
		testkit.Bubble(t, name, func(t *testing.T) {
			s := armed(t, &fake{})
			_, err := s.WriteTo(t.Context(), test.w, mb)
			require.ErrorContains(t, err, test.says)
			if test.is != nil {
				require.ErrorIs(t, err, test.is)
			}
			var got written
			require.NoError(t, testkit.Err(s.WriteTo(t.Context(), &got, mb)))
			disarm(t, s)
		})
	}
}

// slow is a writer that hangs until it is released.
type slow struct {
	written
	entered, release chan struct{}
}

func (w *slow) Write(p []byte) (int, error) {
	if w.entered != nil {
		close(w.entered)
		w.entered = nil
		<-w.release
	}
	return w.written.Write(p)
}

// A caller that gives up gets its writer back.
func TestWriterIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := armed(t, &fake{})
		w := &slow{entered: make(chan struct{}), release: make(chan struct{})}
		entered := w.entered
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			_, err := s.WriteTo(ctx, w, mb)
			result <- err
		}()
		<-entered
		cancel()
		synctest.Wait()
		select {
		case err := <-result:
			require.Fail(t, "the writer is still in use", "%v", err)
		default:
		}
		close(w.release)
		require.ErrorIs(t, <-result, context.Canceled)
		before := w.bytes
		pass(time.Second)
		require.Equal(t, before, w.bytes)
		disarm(t, s)
	})
}
