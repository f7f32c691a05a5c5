package merge_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
)

func someMembers(n int) (all []merge.Member) {
	for i := range n {
		m := merge.Member{
			ID: fmt.Sprintf("0006%04dabcdef", i*7919%10_000), At: start().Add(-time.Duration(i) * time.Second), Duration: time.Duration(i%3) * time.Second,
			Types: []string{"alloc_space", "inuse_space"}[i%2:], Totals: []int64{int64(-i), int64(i) << 40}[i%2:],
		}
		if i%5 > 0 {
			m.Labels = collector.Labels{{Key: "instance", Value: fmt.Sprint("pod-", i%7)}, {Key: "version", Value: "1=2,3"}}
		}
		all = append(all, m)
	}
	return all
}

func TestMembers(t *testing.T) {
	for _, n := range []int{0, 1, 1000} {
		want := someMembers(n)
		raw, err := merge.WriteMembers(want, true)
		require.NoError(t, err)
		got, err := merge.ReadMembers(raw, n)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Less(t, len(raw), 100+30*n)
		_, err = merge.ReadMembers(raw, n+1)
		require.Error(t, err)
		for i := range want {
			want[i].Types, want[i].Totals = nil, nil
		}
		raw, err = merge.WriteMembers(want, false)
		require.NoError(t, err)
		got, err = merge.ReadMembers(raw, n)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// Bytes that are no members are an error.
func FuzzMembers(f *testing.F) {
	raw, err := merge.WriteMembers(someMembers(9), true)
	require.NoError(f, err)
	zip, err := gzip.NewReader(bytes.NewReader(raw))
	require.NoError(f, err)
	var plain bytes.Buffer
	_, err = plain.ReadFrom(zip)
	require.NoError(f, err)
	f.Add(plain.Bytes(), 9)
	f.Add([]byte{0, 1, 'x', 0, 0, 0, 0, 0}, 1)
	f.Add([]byte{0, 1, 'x', 0, 0, 0, 0x7f, 0}, 1)
	f.Fuzz(func(t *testing.T, plain []byte, n int) {
		var b bytes.Buffer
		zip := gzip.NewWriter(&b)
		_, err := zip.Write(plain)
		require.NoError(t, err)
		require.NoError(t, zip.Close())
		got, err := merge.ReadMembers(b.Bytes(), n)
		if err == nil {
			require.Len(t, got, n)
		}
	})
}

// Roll-ups of an earlier version answer as before, also when their profiles are gone.
func TestRollupsOfAnEarlierVersion(t *testing.T) {
	now := start()
	store, err := files.Open(t.Context(), testkit.FastDir(t), files.Options{MaxAge: 50 * time.Hour, Now: func() time.Time { return now }})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	p := &place{t: t, store: &counting{Store: store}, dir: testkit.FastDir(t), now: start().Add(100 * time.Hour)}
	p.restart()
	for n := range 12 {
		p.put(collector.KindHeap, made(t, heapTypes, map[string][]int64{"main.f": {int64(n) * 5, 10}}), start().Add(time.Duration(n)*4*time.Minute), "version=1")
	}
	require.Equal(t, 2, p.round().Made)
	sum, measure := p.value(collector.KindHeap, "inuse_space", merge.View{})
	paths, err := filepath.Glob(filepath.Join(p.dir, "*", "*"))
	require.NoError(t, err)
	require.Len(t, paths, 2)
	for _, path := range paths {
		require.NoError(t, merge.Outdate(path))
	}
	for _, age := range []time.Duration{time.Hour, 60 * time.Hour} {
		now = start().Add(age)
		_, err := store.Sweep(t.Context())
		require.NoError(t, err)
		p.restart()
		done := p.round()
		require.Zero(t, done.Made+done.Removed)
		require.Equal(t, 2, done.Files)
		p.store.opened = 0
		got, of := p.value(collector.KindHeap, "inuse_space", merge.View{})
		require.Equal(t, sum, got)
		require.Equal(t, measure, of)
		require.LessOrEqual(t, p.store.opened, 2, "the ends of alloc_space")
	}
	require.Zero(t, store.Usage().Uploads)
}
