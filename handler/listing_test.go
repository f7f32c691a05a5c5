package handler_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/testkit"
)

// put writes an event of a signal into the dump path, as of so many minutes of a day.
func (s *site) put(t *testing.T, minute int, signal holmes.Signal) (id string) {
	t.Helper()
	at := time.Date(2026, 1, 2, 0, minute, 0, 0, time.UTC)
	id = fmt.Sprintf("%s-%s-%08x", at.Format(dump.IDLayout), signal, minute)
	e := holmes.Event{ID: id, At: at, State: holmes.StateConfirmed, Trigger: holmes.Trigger{Sample: holmes.Sample{Signal: signal}}}
	whole := t.TempDir() // else it may be tidied up before it has a file
	require.NoError(t, os.WriteFile(filepath.Join(whole, event.JSONFile), testkit.Must(json.Marshal(&e))(t), 0o600))
	require.NoError(t, os.Rename(whole, filepath.Join(s.dir, id)))
	return id
}

// A list has the newest hundred events. Profiles of calm times are none, and take no place
// in it.
func TestListHasAHundredEvents(t *testing.T) {
	s := newSite(t, holmes.WithDumpLimits(1000, 1<<30))
	var want []string
	for minute := range 150 {
		if minute%5 == 4 {
			s.put(t, minute, event.SignalBaseline)
			continue
		}
		want = append(want, s.put(t, minute, holmes.SignalCPU))
	}
	slices.Reverse(want)
	want = want[:100]

	var events []struct{ ID string }
	require.NoError(t, json.Unmarshal([]byte(s.get(t, "/events").body), &events))
	var got []string
	for _, e := range events {
		got = append(got, e.ID)
	}
	require.Equal(t, want, got)
	page := s.get(t, "/").body
	require.Equal(t, 100, strings.Count(page, "<article"))
	require.NotContains(t, page, "-baseline-")
}
