package files_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// shift is the i-th profile of three directories, with instances that come and go.
func shift(i int) collector.Meta {
	return collector.Meta{
		Service: fmt.Sprint("service-", i/2000), Kind: collector.Kinds()[i%3], Size: 1000, File: "cpu.pb.gz",
		Labels: collector.Labels{
			{Key: "instance", Value: fmt.Sprint("pod-", i/1000, "-", i%40)}, {Key: fmt.Sprint("only-", i/4000), Value: "x"},
		},
		CreatedAt: moment(0).Add(time.Duration(i) * time.Second),
	}
}

// Values and names of labels are those of the profiles that are there, asked for the
// first time or again, while profiles are removed.
func TestValuesOfSegments(t *testing.T) {
	dir := testkit.FastDir(t)
	s, err := files.Open(t.Context(), dir, files.Options{}.Relaxed())
	require.NoError(t, err)
	require.NoError(t, s.Stock(3*files.Slots, shift))
	s, err = files.Open(t.Context(), dir, files.Options{}.Relaxed())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	queries := []collector.Query{
		{},
		{From: moment(0).Add(3000 * time.Second)},
		{From: moment(0).Add(5000 * time.Second), To: moment(0).Add(9000 * time.Second)},
		{Service: "service-1"},
		{Kind: collector.KindHeap, From: moment(0).Add(3000 * time.Second)},
	}
	check := func() {
		t.Helper()
		for range 2 {
			for _, q := range queries {
				requireLabels(t, s, q)
			}
		}
	}
	check()
	for _, service := range []string{"service-0", "service-2", "service-5", "service-1"} {
		_, err := s.Delete(t.Context(), collector.Selection{Service: service})
		require.NoError(t, err)
		check()
		_, err = s.Sweep(t.Context()) // which writes segments anew
		require.NoError(t, err)
		check()
	}
	require.Equal(t, 2, s.Sealed())
	_, err = tryPut(t.Context(), s, 1, content(1))
	require.NoError(t, err)
	check()
}

// requireLabels compares the labels with those of a search.
func requireLabels(t *testing.T, s *files.Store, q collector.Query) {
	t.Helper()
	names, instances := map[string]bool{}, map[string]bool{}
	for m, err := range s.Find(t.Context(), q) {
		require.NoError(t, err)
		for _, l := range m.Labels {
			names[l.Key] = true
		}
		if value := m.Labels.Get("instance"); value != "" {
			instances[value] = true
		}
	}
	got, err := s.LabelNames(t.Context(), q)
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(names)), got)
	got, err = s.LabelValues(t.Context(), "instance", q)
	require.NoError(t, err)
	require.Equal(t, slices.Sorted(maps.Keys(instances)), got)
}

// Segments are read once for the values of a label, however often these are asked for,
// and again where profiles were removed.
func TestValuesAreReadOnce(t *testing.T) {
	dir := testkit.FastDir(t)
	s, err := files.Open(t.Context(), dir, files.Options{}.Relaxed())
	require.NoError(t, err)
	require.NoError(t, s.Stock(3*files.Slots, shift))
	s, err = files.Open(t.Context(), dir, files.Options{}.Relaxed())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	ask := func() map[uint64]*uint32 {
		_, err := s.LabelValues(t.Context(), "instance", collector.Query{})
		require.NoError(t, err)
		return s.ValueLists("instance")
	}
	first := ask()
	require.Len(t, first, 3)
	requireSame := func(got map[uint64]*uint32, but ...uint64) {
		t.Helper()
		for dir, list := range first {
			require.Equal(t, !slices.Contains(but, dir), list == got[dir], dir)
		}
	}
	requireSame(ask())
	_, err = s.LabelValues(t.Context(), "instance", collector.Query{From: moment(0).Add(5000 * time.Second)})
	require.NoError(t, err)
	requireSame(ask())
	_, err = s.Delete(t.Context(), collector.Selection{Service: "service-0"})
	require.NoError(t, err)
	requireSame(ask(), 0)
}
