package merge_test

import (
	"os"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// Roll-ups outlive their profiles: what retention has removed is answered from them as
// before, until they are too old themselves, or the profiles are deleted.
func TestRollupsOutliveProfiles(t *testing.T) {
	now := start()
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{MaxAge: 50 * time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	p := &place{t: t, store: &counting{Store: store}, dir: testkit.FastDir(t)}
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	p.now = start().Add(100 * time.Hour)
	p.restart()
	for hour := range 3 {
		now = start().Add(time.Duration(hour) * time.Hour)
		for n := range 5 {
			p.put(collector.KindCPU, cpus(t)[n%4], now.Add(time.Duration(n)*time.Minute), "version=1")
		}
	}
	require.Equal(t, 4, p.round().Made)
	queries := []collector.Query{
		{}, {Labels: collector.Labels{{Key: "version", Value: "1"}}}, {From: start(), To: start().Add(2 * time.Hour)},
	}
	ask := func() (all []map[string][]int64) {
		for _, q := range queries {
			f, _ := p.query(q)
			all = append(all, sums(decoded(t, f)))
		}
		return all
	}
	want := ask()
	for _, age := range []time.Duration{51*time.Hour + time.Minute, 200 * time.Hour} {
		now = start().Add(age)
		removed, err := store.Sweep(t.Context())
		require.NoError(t, err)
		require.Positive(t, removed)
		require.Equal(t, want, ask(), age)
		for range 2 {
			done := p.round()
			require.Zero(t, done.Made+done.Removed)
			require.Equal(t, 4, done.Files)
			require.Equal(t, want, ask(), age)
			p.restart()
		}
	}
	require.Zero(t, store.Usage().Uploads)
	p.round()
	require.Equal(t, want, ask())
	_, err = p.Query(t.Context(), collector.Query{Service: "shop", Kind: collector.KindCPU, Labels: collector.Labels{{Key: "version", Value: "2"}}})
	require.Equal(t, collector.NotFound, collector.CodeOf(err))

	p.now = start().Add(31 * 24 * time.Hour)
	require.Equal(t, 3, p.round().Removed, "the hours")
	f, _ := p.query(collector.Query{})
	require.Equal(t, want[0], sums(decoded(t, f)))
	services, err := p.Services(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"shop"}, services, "only a roll-up of it remains")
	forgotten, size, err := p.ForgetService("other")
	require.NoError(t, err)
	require.Zero(t, forgotten)
	require.Zero(t, size)
	require.NoError(t, p.Forget([]collector.Meta{{Service: "shop", Kind: collector.KindHeap, CreatedAt: start()}}))
	require.Equal(t, 1, p.round().Files)
	require.NoError(t, p.Forget([]collector.Meta{{Service: "shop", Kind: collector.KindCPU, CreatedAt: start()}}))
	require.Zero(t, p.round().Files)
	_, err = p.Query(t.Context(), collector.Query{Service: "shop", Kind: collector.KindCPU})
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
}

// A roll-up that outlives its profiles is looked at once for a profile that comes late,
// which stays beside it.
func TestLateBesideAnOutlivingRollUp(t *testing.T) {
	now := start()
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{MaxAge: 50 * time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	p := &place{t: t, store: &counting{Store: store}, dir: testkit.FastDir(t), now: start().Add(100 * time.Hour)}
	p.restart()
	for n := range 5 {
		p.put(collector.KindCPU, cpus(t)[n%4], start().Add(time.Duration(n)*time.Minute), "")
	}
	require.Equal(t, 2, p.round().Made)
	now = start().Add(60 * time.Hour)
	_, err = store.Sweep(t.Context())
	require.NoError(t, err)
	p.put(collector.KindCPU, cpus(t)[0], start().Add(7*time.Minute), "")
	for n := range 3 {
		found := p.store.found
		done := p.round()
		require.Zero(t, done.Made+done.Removed)
		require.Equal(t, n == 0, p.store.found > found)
		require.Zero(t, p.Backlog())
		f, opened := p.query(collector.Query{})
		require.Equal(t, 6, f.Profiles())
		require.Equal(t, 1, opened)
	}
}

// The roll-ups of a service are forgotten, also those that no round has found yet.
func TestForgetService(t *testing.T) {
	p := newPlace(t)
	for n := range 5 {
		p.put(collector.KindCPU, cpus(t)[n%4], start().Add(time.Duration(n)*time.Minute), "")
	}
	made := p.round()
	require.Positive(t, made.Files)
	p.restart()
	forgotten, size, err := p.ForgetService("shop")
	require.NoError(t, err)
	require.Equal(t, made.Files, forgotten)
	require.Equal(t, made.Bytes, size)
	left, err := os.ReadDir(p.dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
