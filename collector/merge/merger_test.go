package merge_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// start is the beginning of the days that the tests are about.
func start() time.Time { return time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC) }

// A place is a store with a merger.
type place struct {
	*merge.Merger
	t      *testing.T
	store  *counting
	dir    string
	now    time.Time
	roller *merge.Roller
}

// counting counts what is opened, and searches.
type counting struct {
	*files.Store
	opened, found int
	damaged       string // an ID
	failAfter     int    // profiles that were opened; 0 is never
	onOpen        func()
}

func (c *counting) Find(ctx context.Context, q collector.Query) iter.Seq2[collector.Meta, error] {
	c.found++
	return c.Store.Find(ctx, q)
}

func (c *counting) Open(ctx context.Context, id string) (*collector.File, error) {
	c.opened++
	if c.onOpen != nil {
		c.onOpen()
	}
	if c.failAfter > 0 && c.opened > c.failAfter {
		return nil, errTest
	}
	if id == c.damaged {
		return nil, &collector.Error{Code: collector.Damaged, Message: id}
	}
	return c.Store.Open(ctx, id)
}

func newPlace(t *testing.T) *place {
	t.Helper()
	return newPlaceAt(t, testkit.FastDir(t))
}

func newPlaceAt(t *testing.T, dir string) *place {
	t.Helper()
	store, err := files.Open(t.Context(), dir, files.Options{})
	require.NoError(t, err)
	p := &place{t: t, store: &counting{Store: store}, dir: testkit.FastDir(t), now: start().Add(100 * time.Hour)}
	t.Cleanup(func() { require.NoError(t, p.store.Close()) })
	p.restart()
	return p
}

// restart makes a merger anew, as another process would.
func (p *place) restart(change ...func(*merge.Config)) {
	p.t.Helper()
	c := merge.Config{Store: p.store, Dir: p.dir, Now: func() time.Time { return p.now }}
	for _, do := range change {
		do(&c)
	}
	var err error
	p.Merger, err = merge.New(c)
	require.NoError(p.t, err)
	p.roller = p.Roller()
}

// put stores a profile, and returns its ID.
func (p *place) put(kind collector.Kind, raw []byte, at time.Time, labels string) string {
	p.t.Helper()
	return p.putLasting(kind, raw, at, labels, 0)
}

// putLasting stores a profile that covers a time.
func (p *place) putLasting(kind collector.Kind, raw []byte, at time.Time, labels string, duration time.Duration) string {
	p.t.Helper()
	d, err := p.store.Draft(p.t.Context())
	require.NoError(p.t, err)
	defer d.Discard()
	w, err := d.Add(kind.File())
	require.NoError(p.t, err)
	_, err = w.Write(raw)
	require.NoError(p.t, err)
	l, err := collector.ParseLabels(labels)
	require.NoError(p.t, err)
	m := collector.Meta{Service: "shop", Kind: kind, Labels: l, CreatedAt: at, Duration: duration, File: kind.File()}
	checker, err := safepprof.New(safepprof.Limits{})
	require.NoError(p.t, err)
	if info, err := checker.Check(bytes.NewReader(raw)); err == nil { // as at intake
		m.Totals = info.Sums()
	}
	r, err := d.Commit(p.t.Context(), collector.Record{Profile: &m})
	require.NoError(p.t, err)
	return r.Profiles[0].ID
}

func (p *place) round() merge.Round {
	p.t.Helper()
	r, err := p.roller.Round(p.t.Context())
	require.NoError(p.t, err)
	return r
}

// query folds, and returns how many profiles were opened for it.
func (p *place) query(q collector.Query) (*merge.Fold, int) {
	p.t.Helper()
	before := p.store.opened
	q.Service, q.Kind = "shop", collector.KindCPU
	f, err := p.Query(p.t.Context(), q)
	require.NoError(p.t, err)
	return f, p.store.opened - before
}

// cpus are real profiles.
func cpus(t *testing.T) [][]byte {
	t.Helper()
	all := proftest.Real(t)
	return [][]byte{all["gofmt-cpu"], all["link-cpu"], all["flate-cpu"], all["link-cpu"]}
}

// fill stores 30 hours of profiles, ten an hour, of two versions and ten instances.
func (p *place) fill() (all [][]byte) {
	p.t.Helper()
	return p.fillHours(30)
}

func (p *place) fillHours(hours int) (all [][]byte) {
	p.t.Helper()
	programs := cpus(p.t)
	for hour := range hours {
		for n := range 10 {
			raw := programs[(hour+n)%len(programs)]
			all = append(all, raw)
			p.put(collector.KindCPU, raw, start().Add(time.Duration(hour)*time.Hour+time.Duration(n)*time.Minute),
				fmt.Sprintf("version=%d,instance=pod-%d", n%2, n))
		}
	}
	return all
}

// Roll-ups answer as the profiles would: for windows, labels, late profiles and
// profiles that are gone.
func TestRollups(t *testing.T) {
	p := newPlace(t)
	all := p.fill()
	want := sums(decoded(t, fold(t, all...)))
	f, opened := p.query(collector.Query{})
	require.Equal(t, want, sums(decoded(t, f)))
	require.Equal(t, 300, opened)
	require.Equal(t, 300, f.Profiles())

	done := p.round()
	require.Equal(t, 32, done.Made, "30 hours, of two days")
	require.Equal(t, 32, done.Files)
	require.Zero(t, p.round().Made, "there is nothing to do")
	p.restart()
	require.Zero(t, p.round().Made, "nor after a restart")

	f, opened = p.query(collector.Query{})
	require.Zero(t, opened)
	require.Equal(t, want, sums(decoded(t, f)))
	require.Equal(t, 300, f.Profiles())
	require.Equal(t, fold(t, all...).Duration(), f.Duration())

	for name, tt := range map[string]struct {
		query  collector.Query
		opened int
		n      int
	}{
		"version":  {collector.Query{Labels: collector.Labels{{Key: "version", Value: "1"}}}, 0, 150},
		"instance": {collector.Query{Labels: collector.Labels{{Key: "instance", Value: "pod-3"}}}, 0, 30},
		"instance, hours": {collector.Query{
			Labels: collector.Labels{{Key: "instance", Value: "pod-3"}}, From: start().Add(5 * time.Hour), To: start().Add(9 * time.Hour),
		}, 4, 4},
		"hours":          {collector.Query{From: start().Add(5 * time.Hour), To: start().Add(7 * time.Hour)}, 0, 20},
		"hours and some": {collector.Query{From: start().Add(5*time.Hour + 5*time.Minute), To: start().Add(7*time.Hour + 3*time.Minute)}, 8, 18},
		"the newest":     {collector.Query{Limit: 64}, 4, 64},
	} {
		t.Run(name, func(t *testing.T) {
			f, opened := p.query(tt.query)
			require.Equal(t, tt.n, f.Profiles())
			require.Equal(t, tt.opened, opened)
			bare, err := merge.New(merge.Config{Store: p.store})
			require.NoError(t, err)
			tt.query.Service, tt.query.Kind = "shop", collector.KindCPU
			without, err := bare.Query(t.Context(), tt.query)
			require.NoError(t, err)
			require.Equal(t, sums(decoded(t, without)), sums(decoded(t, f)))
		})
	}

	late := p.put(collector.KindCPU, cpus(t)[0], start().Add(3*time.Hour), "version=1,instance=pod-1")
	f, opened = p.query(collector.Query{})
	require.Equal(t, 1, opened)
	require.Equal(t, 301, f.Profiles())
	p.restart()
	require.Equal(t, 2, p.round().Made, "its hour and its day")
	_, opened = p.query(collector.Query{})
	require.Zero(t, opened)
	require.NotEmpty(t, late)
}

// A roll-up that is damaged, cut off or replaced by another is not used, and is made again.
func TestDamagedRollups(t *testing.T) {
	p := newPlace(t)
	want := sums(decoded(t, fold(t, p.fill()...)))
	p.round()
	paths, err := filepath.Glob(filepath.Join(p.dir, "*", "*"))
	require.NoError(t, err)
	require.Len(t, paths, 32)
	for i, path := range paths {
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		switch i % 5 {
		case 0:
			raw = raw[:len(raw)-1]
		case 1:
			raw[len(raw)/2] ^= 1
		case 2:
			raw[len(raw)-20] ^= 1 // in its head
		case 3:
			raw = nil
		case 4:
			other, err := os.ReadFile(paths[(i+1)%len(paths)])
			require.NoError(t, err)
			raw = other
		}
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
	f, opened := p.query(collector.Query{})
	require.Equal(t, want, sums(decoded(t, f)))
	require.Greater(t, opened, 200) // some have damaged groups and others
	require.NoError(t, os.WriteFile(filepath.Join(p.dir, "stray"), nil, 0o600))
	p.restart()
	require.Positive(t, p.round().Made)
	require.NoFileExists(t, filepath.Join(p.dir, "stray"))
	f, _ = p.query(collector.Query{})
	require.Equal(t, want, sums(decoded(t, f)))
}

// Roll-ups keep within their bytes: those of the longest ago go.
func TestRollupBytes(t *testing.T) {
	p := newPlace(t)
	hours := testkit.Heavy(30, 12)
	p.fillHours(hours)
	_, size := p.round().Files, p.round().Bytes
	p.dir = testkit.FastDir(t)
	p.restart(func(c *merge.Config) { c.RollupBytes = size / 3 })
	done := p.round()
	require.LessOrEqual(t, done.Bytes, size/3)
	require.Positive(t, done.Files)
	f, opened := p.query(collector.Query{From: start().Add(time.Duration(hours-1) * time.Hour)})
	require.Zero(t, opened, "the newest are kept")
	require.Equal(t, 10, f.Profiles())
}

// A stored file that is no profile is left out and counted, in roll-ups, too.
func TestSkipped(t *testing.T) {
	p := newPlace(t)
	var told []string
	p.restart(func(c *merge.Config) {
		c.Damaged = func(m *collector.Meta, why error) {
			require.ErrorContains(t, why, "location 99")
			told = append(told, m.ID)
		}
	})
	bad := proftest.Zip(t, proftest.Message{}.Column().Strings("cpu", "nanoseconds").Sample(1, 99))
	for n := range 5 {
		p.put(collector.KindCPU, cpus(t)[n%4], start().Add(time.Duration(n)*time.Minute), "")
	}
	damaged := p.put(collector.KindCPU, bad, start().Add(5*time.Minute), "")
	lone := p.put(collector.KindCPU, bad, start().Add(-time.Hour), "")
	for range 2 {
		f, _ := p.query(collector.Query{From: start()})
		require.Equal(t, 5, f.Profiles())
		require.Equal(t, 1, f.Skipped())
		p.round()
	}
	_, err := p.IDs(t.Context(), []string{lone})
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
	require.ErrorContains(t, err, "1 damaged")
	require.Equal(t, []string{damaged, lone}, told, "each once")
}

func TestMergerErrors(t *testing.T) {
	p := newPlace(t)
	id := p.put(collector.KindCPU, cpus(t)[0], start(), "")
	trace := p.put(collector.KindTrace, proftest.Trace(t), start(), "")
	for _, tt := range []struct {
		code collector.Code
		do   func() error
	}{
		{collector.Invalid, func() error { _, err := p.Query(t.Context(), collector.Query{Kind: "cpu"}); return err }},
		{collector.Invalid, func() error { _, err := p.Query(t.Context(), collector.Query{Service: "shop"}); return err }},
		{collector.Invalid, func() error {
			_, err := p.Query(t.Context(), collector.Query{Service: "shop", Kind: "fish"})
			return err
		}},
		{collector.Unsupported, func() error {
			_, err := p.Query(t.Context(), collector.Query{Service: "shop", Kind: "trace"})
			return err
		}},
		{collector.NotFound, func() error {
			_, err := p.Query(t.Context(), collector.Query{Service: "shop", Kind: "heap"})
			return err
		}},
		{collector.NotFound, func() error { _, err := p.IDs(t.Context(), []string{id, "nobody"}); return err }},
		{collector.Unsupported, func() error { _, err := p.IDs(t.Context(), []string{id, trace}); return err }},
	} {
		require.Equal(t, tt.code, collector.CodeOf(tt.do()))
	}
	_, err := p.Profile(t.Context(), []string{"nobody"})
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
	got, err := p.Profile(t.Context(), []string{id, id})
	require.NoError(t, err)
	require.Equal(t, sums(decoded(t, fold(t, cpus(t)[0], cpus(t)[0]))), sums(got))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err = p.IDs(ctx, []string{id})
	require.ErrorIs(t, err, context.Canceled)
	_, err = merge.New(merge.Config{})
	require.Error(t, err)
	_, err = merge.New(merge.Config{Store: p.store, Memory: -1})
	require.ErrorContains(t, err, "Memory -1")
}

// variants returns n profiles of one program that differ, as those do that it
// writes one after the other.
func variants(tb testing.TB, raw []byte, n int) [][]byte {
	tb.Helper()
	all := make([][]byte, n)
	for i := range all {
		p, err := profile.ParseData(raw)
		require.NoError(tb, err)
		kept := p.Sample[:0]
		for j, s := range p.Sample {
			if (i*7+j*13)%10 == 0 && i > 0 {
				continue
			}
			for c := range s.Value {
				s.Value[c] *= int64(1 + (i+j)%3)
			}
			kept = append(kept, s)
		}
		p.Sample = kept
		p.TimeNanos = start().Add(time.Duration(i) * time.Minute).UnixNano()
		var b bytes.Buffer
		require.NoError(tb, p.Write(&b))
		all[i] = b.Bytes()
	}
	return all
}
