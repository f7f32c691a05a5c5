package dump

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/dump/internal/scan"
	"github.com/go-holmes/holmes/internal/filelock"
)

// An empty file for each reporter says, by the time of its last change, when a process
// had that reporter configured. Events that wait for others give way.
const (
	// configuredFor is how long a name counts as configured.
	configuredFor = 24 * time.Hour
	// renewEvery is how often the file is changed: more than once in the hour for which
	// it must look old, because the clock of another process may be wrong.
	renewEvery = 25 * time.Minute
	// maxReporters bounds the files in a directory.
	maxReporters = 256
)

// A reporter is one that this store was told of.
type reporter struct{ told, saved time.Time }

// Configured says which reporters the program has. Events that wait for a reporter
// that no process has had for a day are removed as if they were delivered, so that
// they do not hold the store against new ones. Call it regularly, some times an hour;
// [Store.Adopt] calls it too.
func (s *Store) Configured(to ...string) error {
	if err := filelock.IgnoreMissing(s.configured(to)); err != nil {
		return fmt.Errorf("holmes: dump: note reporters in %s: %w", s.location.Dir, err)
	}
	return nil
}

func (s *Store) configured(to []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, due := time.Now(), []string(nil)
	for _, name := range to {
		slug := layout.Slug(name)
		r := s.reporters[slug]
		r.told = now
		s.reporters[slug] = r
		if now.Sub(r.saved) >= renewEvery {
			due = append(due, slug)
		}
	}
	if len(due) == 0 {
		return nil
	}
	root, err := s.location.Open()
	if err != nil {
		return err
	}
	defer root.Close()
	names, err := scan.List(root)
	if err != nil || len(names.Reporters)+len(due) > maxReporters {
		return err // a reporter without a file is judged by its events
	}
	for _, slug := range due {
		saveErr := root.Stamp(layout.ReporterPrefix+slug, s.limits.Now())
		if err = errors.Join(err, saveErr); saveErr == nil {
			s.reporters[slug] = reporter{now, now}
		}
	}
	return err
}

// reporters returns whether each reporter that is known counts as configured, and
// removes the files of those that do not and that no event waits for.
func (r *retention) reporters() map[string]bool {
	s, known, wanted := r.store, map[string]bool{}, map[string]bool{}
	for _, ev := range r.found.Events {
		for _, slug := range ev.Waits {
			wanted[slug] = true
		}
	}
	for _, slug := range r.found.Reporters {
		name := layout.ReporterPrefix + slug
		info, err := r.root.Stat(name)
		known[slug] = err != nil || !r.aged(name, info.ModTime(), configuredFor)
		if !known[slug] && !wanted[slug] {
			_ = r.root.Remove(name) // or the next retention does
		}
	}
	for slug, one := range s.reporters {
		if r.now.Sub(one.told) < configuredFor {
			known[slug] = true
		} else {
			delete(s.reporters, slug)
		}
	}
	return known
}

// awaited reports whether an event waits for a reporter that some process has. A
// reporter without a file may be one of an earlier version: its events are younger than
// a day, or their owner is alive.
func (r *retention) awaited(ev *scan.Event, known map[string]bool) bool {
	return ev.Waiting() && slices.ContainsFunc(ev.Waits, func(slug string) bool {
		configured, ok := known[slug]
		return configured || !ok && (r.store.limits.Now().Sub(layout.TimeOf(ev.ID)) < configuredFor || r.alive(ev.Owner))
	})
}
