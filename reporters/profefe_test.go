package reporters_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func newProfefe(t *testing.T, url string, opts ...reporters.HTTPOption) *reporters.Profefe {
	t.Helper()
	r, err := reporters.NewProfefe(url, opts...)
	require.NoError(t, err)
	return r
}

func TestProfefeConformance(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		f := newFakeProfefe(t)
		return reportertest.Target{Reporter: newProfefe(t, f.URL), Stall: f.hold}
	})
}

// Everything of an event arrives, under what it can be found by, as it was.
func TestProfefeDeliversEveryProfile(t *testing.T) {
	f := newFakeProfefe(t)
	e := wired(t)
	require.NoError(t, newProfefe(t, f.URL, reporters.WithLabels(map[string]string{"region": "eu", "version": "v2"})).Report(context.Background(), e))
	got := f.of(e.ID)
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if !p.Captured() {
			require.Empty(t, got[p.File])
			continue
		}
		require.Len(t, got[p.File], 1, p.File)
		u := got[p.File][0]
		require.Equal(t, content(t, p), u.body)
		require.Equal(t, p.Start, u.created)
		require.Equal(t, "shop", u.service)
		require.Equal(t, map[string]string{
			"event": e.ID, "file": p.File, "reason": "diff", "instance": "pod-7", "version": "v2", "region": "eu",
			"node": "a=b, c%2C{d}", "team-name": "köln",
		}, u.labels)
	}
	require.Equal(t, "trace", got["trace.out"][0].kind)
	require.Equal(t, "other", got["locks.pb.gz"][0].kind)
	require.Equal(t, "heap", got["heap-gc.pb.gz"][0].kind)
	require.Equal(t, "v1.2.3+dirty", e.Labels["version"], "the event is as it was")
}

// An event that was interrupted half-way goes on where it stopped.
func TestProfefeGoesOnWhereItStopped(t *testing.T) {
	f := newFakeProfefe(t)
	down := true
	f.refuse = func(u upload) int {
		if down && u.labels["file"] == "goroutine.pb.gz" {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	r, e := newProfefe(t, f.URL), wired(t)
	err := r.Report(context.Background(), e)
	require.ErrorContains(t, err, "goroutine.pb.gz")
	require.False(t, holmes.IsPermanent(err))
	require.Len(t, f.of(e.ID), 3, "what came before")
	down = false
	for range 3 {
		require.NoError(t, r.Report(context.Background(), e))
	}
	got := f.of(e.ID)
	require.Len(t, got, 8)
	for file, uploads := range got {
		require.Len(t, uploads, 1, file)
	}
}

// A refused profile does not keep the others back, and is not tried again.
func TestProfefeRefusesSome(t *testing.T) {
	f := newFakeProfefe(t)
	asked := 0
	f.refuse = func(u upload) int {
		switch u.labels["file"] {
		case "heap.pb.gz", "block.pb.gz":
			asked++
			return http.StatusRequestEntityTooLarge
		}
		return 0
	}
	r, e := newProfefe(t, f.URL), wired(t)
	for range 2 {
		err := r.Report(context.Background(), e)
		require.True(t, holmes.IsPermanent(err))
		require.ErrorContains(t, err, "heap.pb.gz of event "+e.ID)
		require.ErrorContains(t, err, "block.pb.gz of event "+e.ID)
		require.NotContains(t, err.Error(), "\n")
	}
	require.Len(t, f.of(e.ID), 6)
	require.Equal(t, 2, asked)
}

// A profile that cannot be read is one that profefe refuses.
func TestProfefeRefusesJunk(t *testing.T) {
	f := newFakeProfefe(t)
	e := reportertest.MemoryEvent(t)
	e.Profiles = append(e.Profiles, holmes.MemoryProfile("mutex", "mutex.pb.gz", []byte("junk")))
	err := newProfefe(t, f.URL).Report(context.Background(), e)
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "answered 400")
	require.Len(t, f.of(e.ID), 3)
}

func TestProfefeWithoutARemovedProfile(t *testing.T) {
	f := newFakeProfefe(t)
	e := reportertest.DiskEvent(t)
	require.NoError(t, os.Remove(e.Profile(holmes.KindGoroutine).Path))
	require.NoError(t, newProfefe(t, f.URL).Report(context.Background(), e))
	require.Len(t, f.of(e.ID), 2)
}

// A profile that cannot be opened now may be later.
func TestProfefeTriesAgainWhatItCannotOpen(t *testing.T) {
	f := newFakeProfefe(t)
	e := reportertest.DiskEvent(t)
	path := e.Profile(holmes.KindGoroutine).Path
	require.NoError(t, os.Rename(path, path+"x"))
	require.NoError(t, os.Symlink(path, path)) // a loop: not there, and not gone
	r := newProfefe(t, f.URL)
	err := r.Report(context.Background(), e)
	require.Error(t, err)
	require.False(t, holmes.IsPermanent(err))
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Rename(path+"x", path))
	require.NoError(t, r.Report(context.Background(), e))
	require.Len(t, f.of(e.ID), 3)
}

// The memory of a reporter has an end: a process that runs for years does not
// grow with its events.
func TestProfefeForgetsInTheEnd(t *testing.T) {
	f := newFakeProfefe(t)
	r := newProfefe(t, f.URL)
	events := make([]*holmes.Event, 257)
	for i := range events {
		events[i] = reportertest.EmptyEvent(t)
		events[i].Profiles = []holmes.Profile{holmes.MemoryProfile("trace", "trace.out", []byte("x"))}
		require.NoError(t, r.Report(context.Background(), events[i]))
	}
	for _, i := range []int{256, 1, 0} {
		require.NoError(t, r.Report(context.Background(), events[i]))
	}
	require.Len(t, f.of(events[256].ID)["trace.out"], 1)
	require.Len(t, f.of(events[1].ID)["trace.out"], 1)
	require.Len(t, f.of(events[0].ID)["trace.out"], 2, "was forgotten for the 257th")
}

func TestProfefeWithoutLabels(t *testing.T) {
	f := newFakeProfefe(t)
	e := reportertest.MemoryEvent(t)
	e.Labels = nil
	require.NoError(t, newProfefe(t, f.URL).Report(context.Background(), e))
	u := f.of(e.ID)["heap.pb.gz"][0]
	require.Equal(t, "unknown", u.service, "profefe takes no profile without one")
	require.Len(t, u.labels, 3)
}

func TestOutcomesAreOneError(t *testing.T) {
	f := newFakeProfefe(t)
	f.refuse = func(upload) int { return http.StatusBadRequest }
	e := reportertest.MemoryEvent(t)
	err := newProfefe(t, f.URL).Report(context.Background(), e)
	var many interface {
		error
		Unwrap() []error
	}
	require.ErrorAs(t, err, &many)
	require.Len(t, many.Unwrap(), 3)
	require.ErrorContains(t, err, fmt.Sprintf("refused %s", "heap-gc.pb.gz"))
}
