package files_test

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// sum adds up a profile by google's parser.
func sum(r io.Reader) ([]collector.Total, error) {
	p, err := profile.Parse(r)
	if err != nil {
		return nil, err
	}
	totals := make([]collector.Total, len(p.SampleType))
	for i, t := range p.SampleType {
		totals[i] = collector.Total{Type: t.Type, Unit: t.Unit}
		for _, s := range p.Sample {
			totals[i].Value += s.Value[i]
		}
	}
	return totals, nil
}

// A directory of the version before totals opens, with its index or without; its rows
// get their totals in the background, once, and the bytes of uploads become exact.
func TestDirectoryOfAnEarlierVersion(t *testing.T) {
	for name, rebuild := range map[string]bool{"with its index": false, "rebuilt": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/v1")))
			require.NoError(t, files.Adopt(dir))
			s := openStore(t, dir, files.Options{Rebuild: rebuild})
			require.Equal(t, 5, s.Usage().Uploads)
			require.Equal(t, []string{"e1"}, events(t, s))
			require.Empty(t, timeline(t, s))
			_, err := s.Known(t.Context(), "key2")
			require.NoError(t, err)
			e, err := s.Event(t.Context(), "e1")
			require.NoError(t, err)
			require.Len(t, e.Profiles, 1)

			read, rounds := 0, 0
			counted := func(r io.Reader) ([]collector.Total, error) {
				read++
				return sum(r)
			}
			failing := func(io.Reader) ([]collector.Total, error) {
				return nil, errors.New("not reached after the first round")
			}
			require.NoError(t, s.Backfill(t.Context(), counted, func(done, total int) { rounds++; require.Equal(t, 1, total) }))
			require.Equal(t, 5, read)
			require.Equal(t, 1, rounds)
			// 2*10*(1+2+3) of shop; what is no profile has none.
			want := []collector.Line{{By: "payments", Unit: "nanoseconds"}, {By: "shop", Unit: "nanoseconds"}}
			want[0].Points = []collector.Point{{At: moment(0), Value: 100, Profiles: 1}}
			want[1].Points = []collector.Point{{At: moment(0), Value: 120, Profiles: 3, Duration: 3 * time.Second}}
			for range 2 {
				require.Equal(t, want, timeline(t, s))
				require.EqualValues(t, 5*4096, s.Usage().Bytes)
				require.NoError(t, s.Backfill(t.Context(), failing, func(int, int) { t.Error("again") }))
				require.NoError(t, s.Close())
				s = openStore(t, dir, files.Options{})
			}
			_, err = s.Delete(t.Context(), collector.Selection{Service: "shop"})
			require.NoError(t, err)
			require.EqualValues(t, 4096, s.Usage().Bytes)
			require.NoError(t, s.Close())
		})
	}
}

// Full directories get their totals and their further kinds too, while they are searched.
func TestBackfillOfFullDirectories(t *testing.T) {
	s := closed(t, memoryDir(t), files.Options{})
	for i := range files.Slots + 2 {
		put(t, s, i)
	}
	require.Equal(t, 1, s.Sealed())
	one := func(io.Reader) ([]collector.Total, error) {
		return []collector.Total{{Type: "cpu", Unit: "nanoseconds", Value: 1}, {Type: "inuse_space", Unit: "bytes"}}, nil
	}
	require.Empty(t, numbers(t, s, collector.Query{Kind: collector.KindHeap}))
	n := 0
	for m, err := range s.Find(t.Context(), collector.Query{Limit: 1000}) {
		require.NoError(t, err)
		if n == 300 {
			require.NoError(t, s.Backfill(t.Context(), one, func(int, int) {}))
		}
		require.Equal(t, moment(files.Slots+1-n), m.CreatedAt)
		n++
	}
	require.Equal(t, 1000, n)
	lines, err := s.Timeline(t.Context(), collector.TimelineQuery{
		Query: collector.Query{From: moment(0), To: moment(10_000)}, Type: "cpu", Step: time.Hour * 24,
	})
	require.NoError(t, err)
	require.EqualValues(t, files.Slots+2, lines[0].Points[0].Value)
	for m, err := range s.Find(t.Context(), collector.Query{Kind: collector.KindHeap}) {
		require.NoError(t, err)
		require.Equal(t, collector.KindCPU, m.Kind)
		n++
	}
	require.Equal(t, 1000+files.Slots+2, n)
}

// timeline is an hour of CPU time by service.
func timeline(t *testing.T, s *files.Store) []collector.Line {
	t.Helper()
	lines, err := s.Timeline(t.Context(), collector.TimelineQuery{
		Query: collector.Query{From: moment(0), To: moment(3600)}, Type: "cpu", Step: time.Hour, By: collector.NameService,
	})
	require.NoError(t, err)
	return lines
}
