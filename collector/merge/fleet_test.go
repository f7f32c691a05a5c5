package merge_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// An hour of a fleet, compressed: rounds go on while profiles come in. What has no
// roll-up yet is answered from the profiles, and after the hour nothing is left to do.
func TestFleet(t *testing.T) {
	p := newPlace(t)
	f := newFleet(t, testkit.Heavy(10, 2), testkit.Heavy(20, 2))
	ask := func(kind collector.Kind) (*merge.Fold, int) {
		before := p.store.opened
		fold, err := p.Fold(t.Context(), merge.Request{Query: collector.Query{Service: "service-1", Kind: kind}})
		require.NoError(t, err)
		return fold, p.store.opened - before
	}
	for minute := range 60 {
		p.now = start().Add(time.Duration(minute) * time.Minute)
		f.send(t, p.store, minute)
		if minute%5 == 4 {
			require.Zero(t, p.round().Made)
			require.Zero(t, p.Backlog(), "the hour has not ended")
		}
	}
	fold, opened := ask(collector.KindCPU)
	require.Equal(t, 60*f.instances, fold.Profiles())
	require.Equal(t, fold.Profiles(), opened)
	want := sums(decoded(t, fold))

	p.now = start().Add(72 * time.Minute)
	require.Equal(t, merge.Backlog{Profiles: 180 * f.services * f.instances, Periods: 3 * f.services, Behind: 2 * time.Minute}, p.Backlog())
	rolled := p.store.opened
	require.Equal(t, 3*f.services, p.round().Made)
	require.Equal(t, 180*f.services*f.instances, p.store.opened-rolled, "each profile is read once")
	require.Zero(t, p.Backlog())
	for _, kind := range fleetKinds() {
		fold, opened = ask(kind)
		require.Equal(t, 60*f.instances, fold.Profiles())
		if kind == collector.KindHeap { // what is cumulative has ends, wherever a sum became less
			require.Less(t, opened, fold.Profiles())
			continue
		}
		require.Zero(t, opened)
		if kind == collector.KindCPU {
			require.Equal(t, want, sums(decoded(t, fold)))
		}
	}

	found := p.store.found
	require.Zero(t, p.round().Made)
	require.Equal(t, found, p.store.found, "a round without arrivals searches nothing")
	f.send(t, p.store, 3) // late
	p.now = p.now.Add(time.Minute)
	require.Equal(t, 3*f.services, p.round().Made)
	p.now = start().Add(25 * time.Hour)
	require.Equal(t, 3*f.services, p.Backlog().Periods, "days")
	require.Zero(t, p.Backlog().Profiles)
	rolled = p.store.opened
	require.Equal(t, 3*f.services, p.round().Made)
	require.Equal(t, rolled, p.store.opened, "days are made of hours")
}

// A round that fails says what it has left.
func TestBacklogOfAFailedRound(t *testing.T) {
	p := newPlace(t)
	p.fill()
	require.Zero(t, p.Backlog(), "nothing is known before the first round")
	p.store.failAfter = 100
	_, err := p.roller.Round(t.Context())
	require.ErrorIs(t, err, errTest)
	left := p.Backlog()
	require.Equal(t, 200, left.Profiles, "ten hours are rolled up, the newest")
	require.Equal(t, 22, left.Periods)
	require.Equal(t, 100*time.Hour-70*time.Minute, left.Behind, "of the first hour")
	p.store.failAfter = 0
	require.Equal(t, 22, p.round().Made)
	require.Zero(t, p.Backlog())
}

var errTest = errors.New("test")

// What is deleted while a roll-up is being made is not in it.
func TestDeletedDuringARollUp(t *testing.T) {
	p := newPlace(t)
	var ids []string
	for n := range 6 {
		ids = append(ids, p.put(collector.KindCPU, cpus(t)[n%4], start().Add(time.Duration(n)*time.Minute), ""))
	}
	p.store.onOpen = func() {
		p.store.onOpen = nil
		file, err := p.store.Store.Open(t.Context(), ids[0])
		require.NoError(t, err)
		require.NoError(t, file.Close())
		_, err = p.store.Delete(t.Context(), collector.Selection{Profile: ids[0]})
		require.NoError(t, err)
		require.NoError(t, p.Forget([]collector.Meta{file.Meta}))
	}
	p.now = start().Add(2 * time.Hour)
	require.Zero(t, p.round().Made)
	require.Equal(t, 1, p.Backlog().Periods)
	require.Equal(t, 1, p.round().Made)
	f, opened := p.query(collector.Query{})
	require.Zero(t, opened)
	require.Equal(t, 5, f.Profiles())
}

// A crowd is a store of one service that has many instances. All profiles are the same.
type crowd struct {
	collector.Store
	instances, times int // a day
	raw              []byte
	opened           int
}

func (c *crowd) meta(n, i int) collector.Meta {
	return collector.Meta{
		ID: fmt.Sprintf("%06d%06d", n, i), Service: "shop", Kind: collector.KindCPU, File: "cpu.pb.gz", Duration: 10 * time.Second,
		Labels:    collector.Labels{{Key: "instance", Value: fmt.Sprint("shop-", i)}, {Key: "version", Value: "1"}},
		CreatedAt: start().Add(time.Duration(n)*24*time.Hour/time.Duration(c.times) + time.Duration(i)*time.Microsecond),
	}
}

func (c *crowd) Find(_ context.Context, q collector.Query) iter.Seq2[collector.Meta, error] {
	return func(yield func(collector.Meta, error) bool) {
		for n := c.times - 1; n >= 0; n-- {
			for i := c.instances - 1; i >= 0; i-- {
				m := c.meta(n, i)
				if !q.From.IsZero() && m.CreatedAt.Before(q.From) || !q.To.IsZero() && !m.CreatedAt.Before(q.To) {
					break // no instance is far off
				}
				if slices.ContainsFunc(q.Labels, func(l collector.Label) bool { return m.Labels.Get(l.Key) != l.Value }) {
					continue
				}
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

func (c *crowd) Open(_ context.Context, id string) (*collector.File, error) {
	c.opened++
	var n, i int
	if _, err := fmt.Sscanf(id, "%06d%06d", &n, &i); err != nil {
		return nil, err
	}
	return &collector.File{
		Meta: c.meta(n, i), SectionReader: io.NewSectionReader(bytes.NewReader(c.raw), 0, int64(len(c.raw))), Closer: io.NopCloser(nil),
	}, nil
}

func (c *crowd) Arrivals(ctx context.Context, mark string, yield func(collector.Meta) error) (string, error) {
	if mark != "" {
		return mark, nil
	}
	for m, err := range c.Find(ctx, collector.Query{}) {
		if err != nil {
			return mark, err
		}
		if err := yield(m); err != nil {
			return mark, err
		}
	}
	return "all", nil
}

// A service of two thousand instances has roll-ups of hours and of days, and a query for
// some of its instances reads few profiles more than theirs.
func TestManyInstances(t *testing.T) {
	c := &crowd{instances: 2000, times: testkit.Heavy(1440, 56) / raceFactor, raw: made(t, cpuTypes, map[string][]int64{"main.f": {1, 10}})}
	now := start().Add(25 * time.Hour)
	m, err := merge.New(merge.Config{Store: c, Dir: testkit.FastDir(t), Now: func() time.Time { return now }})
	require.NoError(t, err)
	done, err := m.Roller().Round(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1+min(c.times, 24), done.Made)
	require.Equal(t, c.instances*c.times, c.opened, "each once")
	require.Less(t, done.Bytes, int64(2*40*c.instances*c.times), "a profile takes little in either")
	c.opened = 0
	f, err := m.Fold(t.Context(), merge.Request{Query: collector.Query{Service: "shop", Kind: collector.KindCPU}})
	require.NoError(t, err)
	require.Zero(t, c.opened)
	require.Equal(t, c.instances*c.times, f.Profiles())
	require.Equal(t, []int64{int64(c.instances * c.times), int64(10 * c.instances * c.times)}, f.Totals())
	f, err = m.Fold(t.Context(), merge.Request{Query: collector.Query{
		Service: "shop", Kind: collector.KindCPU, Labels: collector.Labels{{Key: "instance", Value: "shop-7"}},
	}})
	require.NoError(t, err)
	require.Equal(t, c.times, f.Profiles())
	require.Equal(t, c.times, c.opened)
}
