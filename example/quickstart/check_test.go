package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
)

func TestLine(t *testing.T) {
	require.Equal(t, " 14 s   cpu   61 % suspected   goroutine     48 calm        mem   ?    warming",
		line(14*time.Second, holmes.Stats{Signals: []holmes.SignalStats{
			{Signal: "cpu", Value: 61.2, Limit: 2, State: "suspected"},
			{Signal: "goroutine", Value: 48, State: "calm"},
			{Signal: "mem", Err: io.ErrUnexpectedEOF, State: "warming"},
		}}))
}

func TestNamed(t *testing.T) {
	require.Len(t, named("heap"), 1)
	require.Len(t, named("all"), 3)
	require.Empty(t, named("other"))
}

func put(t *testing.T, dir string, e *holmes.Event) {
	t.Helper()
	dir = filepath.Join(dir, e.ID)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	for i := range e.Profiles {
		r, err := e.Profiles[i].Open()
		require.NoError(t, err)
		raw, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, e.Profiles[i].File), raw, 0o600))
	}
	raw, err := e.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "event.json"), raw, 0o600))
}

func remove(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.RemoveAll(path))
}

// The error says what is missing.
func TestCheck(t *testing.T) {
	f := named("goroutine")[0]
	verdict := func(confident bool, function string) diagnose.Verdict {
		return diagnose.Verdict{Sentence: "so it seems", Confident: confident, Culprits: []diagnose.Culprit{{Function: function}}}
	}
	for _, tt := range []struct {
		name string
		with func(d *demo, e *holmes.Event)
		want string
	}{
		{"good", func(*demo, *holmes.Event) {}, ""},
		{"no event", func(_ *demo, e *holmes.Event) { e.Trigger.Sample.Signal = "other" }, "no event; holmes says: "},
		{"asked for", func(_ *demo, e *holmes.Event) { e.Trigger.Reason.Code = holmes.CodeManual }, "no event"},
		{"unconfirmed", func(_ *demo, e *holmes.Event) { e.State = holmes.StateUnconfirmed }, "not confirmed"},
		{"not in the store", func(d *demo, _ *holmes.Event) { remove(t, d.evidence()) }, "event.json"},
		{"not all delivered", func(d *demo, e *holmes.Event) {
			remove(t, filepath.Join(d.delivered(), e.ID, "goroutine.pb.gz"))
		}, "goroutine.pb.gz"},
		{"another is named", func(_ *demo, e *holmes.Event) { e.Diagnosis = verdict(true, "main.other") }, "main.other is named"},
		{"not sure", func(_ *demo, e *holmes.Event) { e.Diagnosis = verdict(false, f.Guilty) }, "no culprit is named: so it seems"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &demo{options: options{dir: t.TempDir()}, out: io.Discard, holmes: new(holmes.Holmes), seen: map[string]bool{}}
			e := &holmes.Event{
				ID: "20260504T030201.000000000Z-goroutine-1", State: holmes.StateConfirmed,
				Trigger:   holmes.Trigger{Sample: holmes.Sample{Signal: holmes.Signal(f.Signal)}},
				Profiles:  []holmes.Profile{holmes.MemoryProfile(holmes.KindGoroutine, "goroutine.pb.gz", []byte("profile"))},
				Diagnosis: verdict(true, f.Guilty),
			}
			put(t, d.evidence(), e)
			put(t, d.delivered(), e)
			d.arrived = []*holmes.Event{e}
			tt.with(d, e)
			err := d.check(f)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestNewsAreToldOnce(t *testing.T) {
	d := &demo{options: options{dir: t.TempDir()}, out: io.Discard, seen: map[string]bool{}}
	require.Empty(t, d.news())
	put(t, d.delivered(), &holmes.Event{ID: "a", State: holmes.StateConfirmed})
	require.NoError(t, os.Mkdir(filepath.Join(d.delivered(), ".b.partial"), 0o700))
	require.Len(t, d.news(), 1)
	require.Empty(t, d.news())
}
