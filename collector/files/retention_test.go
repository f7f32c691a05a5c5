package files_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
)

// events returns the IDs of all events, the newest first.
func events(t *testing.T, s *files.Store) []string {
	t.Helper()
	all := []string{}
	for e, err := range s.Events(t.Context(), collector.EventQuery{}) {
		require.NoError(t, err)
		all = append(all, e.ID)
		_, err := s.Event(t.Context(), e.ID)
		require.NoError(t, err)
	}
	return all
}

// putLarge stores the n-th profile, as one of 30 000 bytes.
func putLarge(t *testing.T, s *files.Store, n int) {
	t.Helper()
	_, err := tryPut(t.Context(), s, n, strings.Repeat("x", 30_000))
	require.NoError(t, err)
}

// removals returns the numbers of removed uploads that are not 0, by cause and class.
func removals(s *files.Store) map[string]int {
	all := map[string]int{}
	for _, r := range s.Removals() {
		if r.Uploads > 0 {
			all[r.Cause+" "+r.Class] = r.Uploads
		}
	}
	return all
}

// Continuous profiles push no event out; each removal is counted, and logged with its
// cause.
func TestEventsOutliveContinuousProfiles(t *testing.T) {
	core, logged := observer.New(zap.InfoLevel)
	dir, c := t.TempDir(), &clock{moment(0)}
	s := closed(t, dir, files.Options{
		MaxBytes: 1 << 20, MaxAge: time.Hour, EventAge: 100 * time.Hour, Now: c.now, Log: zap.New(core),
	})
	putEvent(t, s, "e1")
	for n := range 60 {
		putLarge(t, s, n)
	}
	require.Equal(t, []string{"e1"}, events(t, s))
	gone := removals(s)["bytes profile"]
	require.Greater(t, gone, 20)
	require.Len(t, removals(s), 1)
	_, err := s.Sweep(t.Context())
	require.NoError(t, err)
	line := logged.FilterMessage("removed uploads").All()
	require.Len(t, line, 1)
	require.Equal(t, "bytes", line[0].ContextMap()["cause"])
	require.Equal(t, "shop", line[0].ContextMap()["service"])
	require.EqualValues(t, gone, line[0].ContextMap()["uploads"])

	c.at = c.at.Add(2 * time.Hour)
	left := s.Usage().Uploads - 1
	removed, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, left, removed)
	require.Equal(t, left, removals(s)["age profile"])
	require.Equal(t, []string{"e1"}, events(t, s))
	c.at = c.at.Add(100 * time.Hour)
	_, err = s.Sweep(t.Context())
	require.NoError(t, err)
	require.Empty(t, events(t, s))
	require.Equal(t, "e1", logged.FilterMessage("removed an event").All()[0].ContextMap()["event"])
	require.Zero(t, s.Usage())
}

// Events above half of the bytes make room for themselves, and leave the profiles.
func TestEventsHaveHalf(t *testing.T) {
	s := closed(t, t.TempDir(), files.Options{MaxBytes: 1 << 20})
	put(t, s, 0)
	for n := range 300 {
		putEvent(t, s, fmt.Sprint("e", n))
	}
	require.Equal(t, []int{0}, numbers(t, s, collector.Query{Service: "shop"}))
	require.Positive(t, removals(s)["bytes event"])
	require.NotContains(t, events(t, s), "e0")
	require.Contains(t, events(t, s), "e299")
}

// A service above its quota loses its own uploads alone, profiles before events.
func TestQuota(t *testing.T) {
	s := closed(t, t.TempDir(), files.Options{Quotas: map[string]int64{"shop": 100_000, "payments": 13_000}})
	for n := range 10 {
		putEvent(t, s, fmt.Sprint("e", n))
		putLarge(t, s, n)
	}
	kept := map[string]int{}
	for m, err := range s.Find(t.Context(), collector.Query{}) {
		require.NoError(t, err)
		kept[m.Service]++
	}
	require.Equal(t, map[string]int{"shop": 3, "payments": 2 * 3}, kept)
	require.Equal(t, map[string]int{"quota profile": 7, "quota event": 7}, removals(s))
}

// What was pinned stays until it is deleted. What was opened is the last that goes for
// its bytes, and its age begins anew. Both are kept over a restart.
func TestPinnedAndOpened(t *testing.T) {
	dir, c := t.TempDir(), &clock{moment(0)}
	o := files.Options{MaxBytes: 600_000, MaxAge: time.Hour, EventAge: time.Hour, Now: c.now}
	s := openStore(t, dir, o)
	for _, id := range []string{"pinned", "opened", "neither"} {
		putEvent(t, s, id)
	}
	require.NoError(t, s.Keep(t.Context(), collector.Selection{Event: "pinned"}, collector.Pinned))
	c.at = c.at.Add(50 * time.Minute)
	require.NoError(t, s.Keep(t.Context(), collector.Selection{Event: "opened"}, collector.Opened))
	require.Equal(t, collector.NotFound, collector.CodeOf(s.Keep(t.Context(), collector.Selection{Event: "e9"}, collector.Pinned)))
	require.NoError(t, s.Close())
	s = openStore(t, dir, o)
	c.at = c.at.Add(20 * time.Minute)
	_, err := s.Sweep(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"pinned", "opened"}, events(t, s))
	for n := range 40 {
		putLarge(t, s, n)
	}
	require.ElementsMatch(t, []string{"pinned", "opened"}, events(t, s))
	c.at = c.at.Add(2 * time.Hour)
	_, err = s.Sweep(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"pinned"}, events(t, s))
	require.NoError(t, s.Keep(t.Context(), collector.Selection{Event: "pinned"}, collector.Unpinned))
	_, err = s.Sweep(t.Context())
	require.NoError(t, err)
	require.Empty(t, events(t, s))
	require.NoError(t, s.Close())
}

// A store that is full of pinned uploads refuses new ones.
func TestPinnedIsNotRemovedForBytes(t *testing.T) {
	s := closed(t, t.TempDir(), files.Options{MaxBytes: 400_000})
	m := put(t, s, 0)
	require.NoError(t, s.Keep(t.Context(), collector.Selection{Profile: m.ID}, collector.Pinned))
	_, err := tryPut(t.Context(), s, 1, strings.Repeat("x", 399_000))
	require.Equal(t, collector.Full, collector.CodeOf(err))
	require.Equal(t, []int{0}, numbers(t, s, collector.Query{}))
}

// A part of the disk stays free for others: profiles make room for it, events do not.
func TestKeepFree(t *testing.T) {
	var s *files.Store
	others := int64(0)
	disk := func() (free, size int64) {
		used := others
		if s != nil {
			used += s.Usage().Bytes
		}
		return 10<<20 - used, 10 << 20
	}
	s = openStore(t, t.TempDir(), files.Options{KeepFree: 1 << 40}.OnDisk(disk)) // that is 5 %
	putEvent(t, s, "e1")
	for n := range 20 {
		putLarge(t, s, n)
	}
	require.Empty(t, removals(s))
	others = 9 << 20
	_, err := s.Sweep(t.Context())
	require.NoError(t, err)
	left := s.Usage().Uploads
	require.Less(t, left, 21)
	require.Greater(t, left, 10)
	require.Equal(t, map[string]int{"disk profile": 21 - left}, removals(s))
	others = 11 << 20 // it is full, whatever is removed
	putLarge(t, s, 20)
	require.Equal(t, []string{"e1"}, events(t, s))
	require.NoError(t, s.Close())
}

// One profile, one event or all of a service is deleted by request, for good.
func TestDelete(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, files.Options{})
	first := put(t, s, 0)
	for n := 1; n < 5; n++ {
		put(t, s, n)
	}
	r := putEvent(t, s, "e1")
	putEvent(t, s, "e2")
	done, err := s.Delete(t.Context(), collector.Selection{Profile: first.ID})
	require.NoError(t, err)
	require.Equal(t, collector.Deleted{Uploads: 1, Bytes: 4096}, done)
	_, err = s.Delete(t.Context(), collector.Selection{Profile: first.ID})
	require.Equal(t, collector.NotFound, collector.CodeOf(err))
	_, err = s.Delete(t.Context(), collector.Selection{Profile: r.Profiles[0].ID})
	require.Equal(t, collector.Invalid, collector.CodeOf(err))
	_, err = s.Delete(t.Context(), collector.Selection{Event: "e1", Service: "shop"})
	require.Equal(t, collector.Invalid, collector.CodeOf(err))
	require.NoError(t, s.Keep(t.Context(), collector.Selection{Event: "e1"}, collector.Pinned))
	_, err = s.Delete(t.Context(), collector.Selection{Event: "e1"})
	require.NoError(t, err)
	require.Equal(t, []string{"e2"}, events(t, s))
	require.Len(t, blobs(t, dir), 5)
	done, err = s.Delete(t.Context(), collector.Selection{Service: "shop"})
	require.NoError(t, err)
	require.Equal(t, 4, done.Uploads)
	for range 2 {
		names, err := s.Services(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"payments"}, names)
		require.Len(t, blobs(t, dir), 1)
		require.Equal(t, 1, s.Usage().Uploads)
		require.NoError(t, s.Die())
		s = openStore(t, dir, files.Options{})
	}
	require.NoError(t, s.Close())
}
