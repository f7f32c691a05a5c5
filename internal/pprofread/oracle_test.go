package pprofread_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
)

// oracle is what google's decoder makes of a protocol buffer, or nil if it or
// its check refuses it.
func oracle(raw []byte) *profile.Profile {
	p, err := profile.ParseUncompressed(raw)
	if err != nil || p.CheckValid() != nil {
		return nil
	}
	return p
}

// requireAgreement: the same header, and sample by sample the same values and
// the same frames.
func requireAgreement(t *testing.T, want *profile.Profile, got *pprofread.Profile) {
	t.Helper()
	require.Equal(t, want.TimeNanos, got.TimeNanos)
	require.Equal(t, want.DurationNanos, got.DurationNanos)
	require.Equal(t, want.Period, got.Period)
	require.Equal(t, pprofread.ValueType{Type: want.PeriodType.Type, Unit: want.PeriodType.Unit}, got.PeriodType)
	require.Equal(t, want.DefaultSampleType, got.DefaultSampleType)
	require.Len(t, got.SampleTypes, len(want.SampleType))
	for i, v := range want.SampleType {
		require.Equal(t, pprofread.ValueType{Type: v.Type, Unit: v.Unit}, got.SampleTypes[i])
	}

	samples := slices.Collect(got.Samples())
	require.Len(t, samples, len(want.Sample))
	numbers := map[*profile.Location]uint32{}
	for i, s := range want.Sample {
		require.True(t, slices.Equal(s.Value, samples[i].Values()), "values of sample %d", i)
		var frames []pprofread.Frame
		require.Len(t, samples[i].Stack(), len(s.Location))
		for j, loc := range s.Location {
			n, seen := numbers[loc]
			numbers[loc] = samples[i].Stack()[j]
			require.True(t, !seen || n == numbers[loc], "one location, one number")
			for _, l := range loc.Line {
				frames = append(frames, pprofread.Frame{Function: l.Function.Name, File: l.Function.Filename, Line: l.Line})
			}
		}
		require.Equal(t, frames, slices.Collect(samples[i].Frames()), "stack of sample %d", i)
	}
}

func requireTimes(t *testing.T, want *profile.Profile, raw []byte) {
	t.Helper()
	start, took, err := pprofread.Times(raw)
	require.NoError(t, err)
	require.Equal(t, want.TimeNanos <= 0, start.IsZero())
	if want.TimeNanos > 0 {
		require.Equal(t, want.TimeNanos, start.UnixNano())
	}
	require.Equal(t, max(time.Duration(want.DurationNanos), 0), took)
}

// Profiles of the runtime are read as google's decoder reads them.
func TestAgreesOnRealProfiles(t *testing.T) {
	for name, raw := range proftest.All(t) {
		t.Run(name, func(t *testing.T) {
			zip := testkit.Must(gzip.NewReader(bytes.NewReader(raw)))(t)
			inflated := testkit.Must(io.ReadAll(zip))(t)
			want := oracle(inflated)
			require.NotNil(t, want)
			require.NotEmpty(t, want.Sample, "nothing to compare")
			for _, form := range [][]byte{raw, inflated} {
				requireAgreement(t, want, parse(t, form))
				requireTimes(t, want, form)
			}
		})
	}
}

// So are the odd ones that it finds valid.
func TestAgreesOnOddProfiles(t *testing.T) {
	for name, raw := range odd(t) {
		t.Run(name, func(t *testing.T) {
			want := oracle(raw)
			require.NotNil(t, want)
			requireAgreement(t, want, parse(t, raw))
			requireTimes(t, want, raw)
		})
	}
}
