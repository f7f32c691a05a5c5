package delivery

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/supervise"
)

// A keeper that looks at the disk while an event is being closed finds it there, without
// what the disk refused. It leaves the event to deliver: queued by both, the event was
// delivered twice, or without the profiles that were in memory.
func TestKeeperLeavesAnEventThatIsBeingClosed(t *testing.T) {
	var c Config
	q := c.Add(silent{})
	settings := eventstore.Config{Path: filepath.Join(t.TempDir(), "evidence"), Events: 10, Bytes: 1 << 20, Age: time.Hour}
	clock := supervise.SystemClock()
	log := supervise.NewLog(clock)
	stores := eventstore.New(clock, log, supervise.NewBugs(log))
	t.Cleanup(func() { require.NoError(t, stores.Release()) })
	broken := false
	stores.Fault = func(op, _ string) error {
		if broken && op == "rename" {
			return syscall.EIO
		}
		return nil
	}
	store, err := stores.Open(t.Context(), settings)
	require.NoError(t, err)

	mono, looks := clock.Mono, 0
	var k *keeper
	clock.Mono = func() time.Duration { // deliver calls it when the event is closed and not queued
		if looks++; looks == 1 {
			waiting, err := store.Waiting(q.Name())
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			k.requeue(store, c.Queues)
		}
		return mono()
	}
	k = &keeper{spool: &spool{clock: clock, log: log, stores: stores, settings: func() (Config, eventstore.Config) { return c, settings }}}

	const id = "20261129T120000.000000000Z-mem"
	files, err := stores.Create(t.Context(), settings, id, names(c.Queues))
	require.NoError(t, err)
	broken = true
	k.deliver(&event.Event{ID: id}, &files)
	require.Positive(t, looks)
	require.Len(t, q.IDs(), 1)
	next, _ := q.next(clock.Mono(), false)
	require.True(t, next.held(), "the event in the queue is the one with what is in memory")
}

// silent is a reporter that is never called here.
type silent struct{}

func (silent) Report(context.Context, *event.Event) error { return nil }
