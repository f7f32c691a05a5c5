package cgroup_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// openSystem opens a reader on the groups that the test runs in.
func openSystem(t testing.TB) *cgroup.Reader {
	t.Helper()
	r, err := cgroup.Open()
	if errors.Is(err, cgroup.ErrUnavailable) {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}

func TestSystem(t *testing.T) {
	r := openSystem(t)
	u, s := usage(t, r), sample(t, r)
	require.Equal(t, u.Generation, s.Generation)
	if !s.Unseen.Has(cgroup.UnseenMemory) {
		require.NotEmpty(t, s.Memory.Levels)
		require.Positive(t, s.Memory.Levels[0].Usage)
	}
	t.Logf("unseen: %s\n%s", s.Unseen, describeSample(&s))
}

func BenchmarkSystemUsage(b *testing.B) {
	r := openSystem(b)
	var u cgroup.Usage
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Usage(&u); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSystemSample(b *testing.B) {
	r := openSystem(b)
	var s cgroup.Sample
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Sample(&s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(s.Memory.Levels)), "levels")
}
