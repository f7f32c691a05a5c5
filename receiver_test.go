package holmes_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// receiver is a reporter that behaves as set, and keeps what it got.
type receiver struct {
	name string

	mu        sync.Mutex
	behaviour func(e *holmes.Event) error // nil is well
	got       map[string]int              // how often it was given each event
	order     []string
	last      map[string]*holmes.Event
	tries     []time.Time
}

func newReceiver(name string) *receiver {
	return &receiver{name: name, got: map[string]int{}, last: map[string]*holmes.Event{}}
}

func (r *receiver) Name() string { return r.name }

func (r *receiver) Report(_ context.Context, e *holmes.Event) error {
	r.mu.Lock()
	behaviour := r.behaviour
	r.tries = append(r.tries, time.Now())
	r.mu.Unlock()
	if behaviour != nil {
		if err := behaviour(e); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got[e.ID]++
	r.order = append(r.order, e.ID)
	r.last[e.ID] = e
	return nil
}

func (r *receiver) set(behaviour func(e *holmes.Event) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behaviour = behaviour
}

var errDown = errors.New("receiver is down")

func down(*holmes.Event) error { return errDown }

// ids returns what it has, in order of arrival.
func (r *receiver) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.order)
}

func (r *receiver) event(id string) *holmes.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[id]
}

func (r *receiver) attempts() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.tries)
}

// capture takes an event of one cheap profile.
func (l *lab) capture(t *testing.T) (id string) {
	t.Helper()
	e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
	return e.ID
}

// reporter returns the figures of a reporter.
func (l *lab) reporter(t *testing.T, name string) holmes.ReporterStats {
	t.Helper()
	for _, s := range l.Stats().Reporters {
		if s.Name == name {
			return s
		}
	}
	t.Fatalf("no reporter %s", name)
	return holmes.ReporterStats{}
}

// marks returns the events that wait on disk for a reporter of a plain name, but
// for those that are set aside.
func marks(t *testing.T, dir, reporter string) (ids []string) {
	t.Helper()
	found := testkit.Must(filepath.Glob(filepath.Join(dir, "2*", ".to-"+reporter)))(t)
	for _, path := range found {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), ".damaged")); err != nil {
			ids = append(ids, filepath.Base(filepath.Dir(path)))
		}
	}
	return ids
}

// asJSON is an event in the form that it has on disk.
func asJSON(t *testing.T, e *holmes.Event) string {
	t.Helper()
	raw := testkit.Must(json.Marshal(e))(t)
	return string(raw)
}
