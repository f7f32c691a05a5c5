package files_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// flip changes one bit of a file, counted from its end if at is negative.
func flip(t *testing.T, path string, at int) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	if at < 0 {
		at += len(raw)
	}
	raw[at] ^= 1
	require.NoError(t, os.WriteFile(path, raw, 0o600))
}

// recordByte is a byte of the record, before the tail.
const recordByte = -40

// putEvent stores an event with two profiles, or again, and returns the receipt.
func putEvent(t *testing.T, s *files.Store, id string) collector.Receipt {
	t.Helper()
	e := &collector.Event{ID: id, Service: "payments", State: "confirmed", Signal: "cpu", At: moment(0), Sentence: "CPU 91 %"}
	d, err := s.Draft(t.Context())
	require.NoError(t, err)
	defer d.Discard()
	for _, name := range []string{collector.EventFile, "cpu.pb.gz", "heap.pb.gz"} {
		w, err := d.Add(name)
		require.NoError(t, err)
		_, err = io.WriteString(w, name+" of "+id)
		require.NoError(t, err)
		if name != collector.EventFile {
			e.Profiles = append(e.Profiles, collector.Meta{
				Service: e.Service, Kind: collector.Kind(name[:len(name)-len(".pb.gz")]), CreatedAt: e.At, Event: id, File: name,
			})
		}
	}
	r, err := d.Commit(t.Context(), collector.Record{Key: collector.EventKey(id), Event: e})
	require.NoError(t, err)
	return r
}

// One bad byte in the content of a profile leaves that one out, also while the store
// is in use, and it is reported once with its ID and service.
func TestOneBadByte(t *testing.T) {
	dir := t.TempDir()
	core, logged := observer.New(zap.WarnLevel)
	s := closed(t, dir, files.Options{Log: zap.New(core)})
	var bad collector.Meta
	for n := range 5 {
		if m := put(t, s, n); n == 2 {
			bad = m
		}
	}
	flip(t, blobs(t, dir)[2], 3)
	for range 2 {
		_, err := s.Open(t.Context(), bad.ID)
		require.Contains(t, []collector.Code{collector.Damaged, collector.NotFound}, collector.CodeOf(err))
	}
	require.Equal(t, []int{4, 3, 1, 0}, numbers(t, s, collector.Query{}))
	require.Equal(t, 4, s.Usage().Uploads)
	require.Equal(t, 1, s.Usage().Damaged)
	reports := logged.All()
	require.Len(t, reports, 1)
	require.Equal(t, bad.ID, reports[0].ContextMap()["id"])
	require.Equal(t, "shop", reports[0].ContextMap()["service"])
	require.FileExists(t, filepath.Join(dir, "damaged", bad.ID))
	put(t, s, 2) // its key is free again
	require.Equal(t, down(5, 0), numbers(t, s, collector.Query{}))
}

// One bad byte in one profile of an event leaves the event and its other files.
func TestOneBadByteInAnEvent(t *testing.T) {
	dir := t.TempDir()
	s := closed(t, dir, files.Options{})
	r := putEvent(t, s, "e1")
	flip(t, blobs(t, dir)[0], len("event.json of e1")+2)
	for range 2 {
		_, err := s.Open(t.Context(), r.Profiles[0].ID)
		require.Equal(t, collector.Damaged, collector.CodeOf(err))
		f, err := s.Open(t.Context(), r.Profiles[1].ID)
		require.NoError(t, err)
		require.NoError(t, f.Close())
		_, err = s.OpenFile(t.Context(), "e1", "cpu.pb.gz")
		require.Equal(t, collector.Damaged, collector.CodeOf(err))
		e, err := s.Event(t.Context(), "e1")
		require.NoError(t, err)
		require.Len(t, e.Profiles, 2)
	}
	require.Equal(t, 1, s.Usage().Damaged)
	require.False(t, putEvent(t, s, "e1").Created)
}

// An event whose record is damaged is put aside, and stored when it is sent again.
func TestReSentEventReplacesDamage(t *testing.T) {
	dir := t.TempDir()
	s := closed(t, dir, files.Options{})
	putEvent(t, s, "e1")
	putEvent(t, s, "e2")
	flip(t, blobs(t, dir)[0], recordByte)
	require.True(t, putEvent(t, s, "e1").Created)
	require.False(t, putEvent(t, s, "e1").Created)
	e, err := s.Event(t.Context(), "e1")
	require.NoError(t, err)
	require.Len(t, e.Profiles, 2)
	n := 0
	for _, err := range s.Events(t.Context(), collector.EventQuery{}) {
		require.NoError(t, err)
		n++
	}
	require.Equal(t, 2, n)
	require.Equal(t, 2, s.Usage().Uploads)
}

// The age of an upload is in the index: a damaged record stops no retention.
func TestBadRecordStopsNoRetention(t *testing.T) {
	dir, c := t.TempDir(), &clock{moment(0)}
	s := closed(t, dir, files.Options{MaxAge: time.Hour, Now: c.now})
	for n := range 5 {
		put(t, s, n)
	}
	flip(t, blobs(t, dir)[0], recordByte)
	c.at = c.at.Add(2 * time.Hour)
	put(t, s, 5)
	removed, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, 5, removed)
	require.Equal(t, []int{5}, numbers(t, s, collector.Query{}))
	require.Len(t, blobs(t, dir), 1)
}

// A directory that retention has thinned out keeps its rows, over restarts and after
// its segment was written anew.
func TestRemovalsAreKept(t *testing.T) {
	dir := memoryDir(t)
	s := openStore(t, dir, files.Options{})
	const n = files.Slots + 10
	for i := range n {
		put(t, s, i)
	}
	paths := blobs(t, dir)
	want := []int{}
	for i := n - 1; i >= 0; i-- {
		if i < files.Slots && i%3 != 0 {
			require.NoError(t, os.Remove(paths[i])) // as a process that died before it wrote anything
		} else {
			want = append(want, i)
		}
	}
	require.NoError(t, s.Die())
	for range 3 {
		s = openStore(t, dir, files.Options{})
		require.Equal(t, want, numbers(t, s, collector.Query{}))
		require.Equal(t, len(want), s.Usage().Uploads)
		_, err := s.Known(t.Context(), "key1")
		require.Equal(t, collector.NotFound, collector.CodeOf(err))
		_, err = s.Known(t.Context(), "key3")
		require.NoError(t, err)
		_, err = s.Sweep(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, numbers(t, s, collector.Query{}))
		require.NoError(t, s.Close())
	}
}

// Scrub reads all uploads, a few at a time, over restarts, and sets the damaged ones
// aside before a query meets them.
func TestScrub(t *testing.T) {
	dir := t.TempDir()
	core, logged := observer.New(zap.WarnLevel)
	s := openStore(t, dir, files.Options{Log: zap.New(core)})
	for n := range 10 {
		put(t, s, n)
	}
	putEvent(t, s, "e1")
	paths := blobs(t, dir)
	flip(t, paths[2], 3)
	flip(t, paths[5], recordByte)
	flip(t, paths[10], 3) // event.json
	checked := 0
	for range 4 {
		n, err := s.Scrub(t.Context(), 3)
		require.NoError(t, err)
		checked += n
	}
	require.Equal(t, 11, checked)
	require.Equal(t, 3, logged.FilterMessageSnippet("is damaged").Len())
	require.Equal(t, 3, s.Usage().Damaged)
	require.Equal(t, 9, s.Usage().Uploads) // the event stays
	n, err := s.Scrub(t.Context(), 100)
	require.NoError(t, err)
	require.Equal(t, 9, n) // from the first one again
	require.NoError(t, s.Close())
	s = closed(t, dir, files.Options{})
	require.Len(t, numbersOfSingle(t, s), 8)
}

// numbersOfSingle returns the numbers of the profiles without an event.
func numbersOfSingle(t *testing.T, s *files.Store) (all []int) {
	t.Helper()
	for m, err := range s.Find(t.Context(), collector.Query{Service: "shop"}) {
		require.NoError(t, err)
		all = append(all, int(m.CreatedAt.Sub(moment(0)).Seconds()))
	}
	return all
}

// Check names each damaged file with its service, and changes nothing.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	s := closed(t, dir, files.Options{})
	for n := range 4 {
		put(t, s, n)
	}
	putEvent(t, s, "e1")
	paths := blobs(t, dir)
	flip(t, paths[1], 3)
	flip(t, paths[2], recordByte)
	flip(t, paths[4], len("event.json of e1")+2)
	require.NoError(t, os.Truncate(paths[3], 5))
	var found []files.Damage
	for range 2 {
		found = nil
		uploads, err := files.Check(t.Context(), dir, func(d files.Damage) { found = append(found, d) }, nil)
		require.NoError(t, err)
		require.Equal(t, 5, uploads)
		require.Equal(t, paths, blobs(t, dir))
	}
	require.Len(t, found, 4)
	for i, want := range []struct{ path, file, service string }{
		{paths[1], "cpu.pb.gz", "shop"}, {paths[2], "", "shop"}, {paths[3], "", ""}, {paths[4], "cpu.pb.gz", "payments"},
	} {
		require.Equal(t, want.path, found[i].Path)
		require.Equal(t, filepath.Base(want.path), found[i].ID)
		require.Equal(t, want.file, found[i].File)
		require.Equal(t, want.service, found[i].Service, i)
		require.Error(t, found[i].Err)
	}
}
