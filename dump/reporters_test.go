package dump_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// eventNow closes an event of now.
func eventNow(t *testing.T, s *dump.Store, to ...string) (id string) {
	t.Helper()
	<-time.After(time.Second)
	e := testkit.Must(s.Create(time.Now().UTC().Format(dump.IDLayout)+"-cpu", to...))(t)
	require.NoError(t, e.Close(dump.Class{}))
	return e.ID()
}

// keeps lets time pass in which a program says every ten minutes what it has.
func keeps(d time.Duration, s *dump.Store, to ...string) error {
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(10 * time.Minute) {
		if err := errors.Join(s.Configured(to...), s.Tidy()); err != nil {
			return err
		}
	}
	return nil
}

// Events that wait for a reporter that no process has had for a day are removed before
// those that were delivered since. A process that has the reporter, or comes back in
// time, keeps them.
func TestReporterThatNoProcessHas(t *testing.T) {
	for name, c := range map[string]struct {
		told  bool // the earlier process has said which reporters it has
		lives bool // it does so all the time
		away  time.Duration
		clock time.Duration // wrong by so much, for almost an hour at the end
		kept  bool
	}{
		"for two days":             {told: true, away: 48 * time.Hour},
		"and never had":            {away: 25 * time.Hour},
		"for less than a day":      {told: true, away: 22 * time.Hour, kept: true},
		"for an hour, never named": {away: time.Hour, kept: true},
		"but another":              {told: true, lives: true, away: 48 * time.Hour, kept: true},
		"by a wrong clock":         {told: true, away: time.Hour, clock: 10 * 365 * 24 * time.Hour, kept: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				var wrong atomic.Int64
				o := dump.Options{MaxEvents: 5, MaxAge: 20 * 365 * 24 * time.Hour, Now: func() time.Time {
					return time.Now().Add(time.Duration(wrong.Load()))
				}}
				other, s := openStore(t, dir, o), openStore(t, dir, o)
				if c.told {
					require.NoError(t, other.Configured("old"))
				}
				var waiting []string
				for range 5 {
					waiting = append(waiting, eventNow(t, other, "old"))
				}
				if c.lives {
					go func() {
						if err := keeps(c.away+2*time.Hour, other, "old", "another"); err != nil {
							t.Error(err)
						}
					}()
				} else {
					require.NoError(t, other.Close())
				}
				require.NoError(t, testkit.Err(s.Adopt("new")))
				require.NoError(t, keeps(c.away, s, "new"))
				wrong.Store(int64(c.clock))
				require.NoError(t, keeps(50*time.Minute, s, "new"))
				for range 3 {
					id := eventNow(t, s, "new")
					require.NoError(t, s.Delivered(id, "new"))
				}
				ids := testkit.Must(s.List())(t)
				require.Len(t, ids, 5)
				if c.kept {
					require.Equal(t, waiting[1:], ids[:4], "one gave way to the first of the new, which gave way to the next")
				} else {
					require.Equal(t, waiting[3:], ids[:2])
				}
				if c.lives {
					<-time.After(2 * time.Hour)
					require.NoError(t, other.Close())
				}
				require.NoError(t, s.Close())
			})
		})
	}
}

// The files of reporters are few, and are removed when nothing needs them.
func TestFilesOfReportersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openStore(t, t.TempDir(), dump.Options{})
		files := func() int {
			return len(testkit.Must(filepath.Glob(filepath.Join(s.Dir(), ".reporter-*")))(t))
		}
		id := eventNow(t, s, "reporter 7")
		for n := range 300 {
			require.NoError(t, s.Configured(fmt.Sprint("reporter ", n), "stays"))
		}
		require.Equal(t, 256, files())
		require.Equal(t, weight(t, s.Dir()), s.Usage().Bytes)
		require.NoError(t, keeps(26*time.Hour, s, "stays"))
		require.Equal(t, 2, files())
		require.NoError(t, s.Delivered(id, "reporter 7"))
		require.NoError(t, keeps(time.Hour, s, "stays"))
		require.Equal(t, 1, files())
		require.NoError(t, os.RemoveAll(s.Dir()))
		require.NoError(t, s.Configured("stays", "reporter 8"), "there is nothing to note")
		require.NoError(t, s.Close())
	})
}
