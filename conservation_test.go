package holmes_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The confirmed events are those delivered, waiting, and dropped by reason, for
// each reporter and at every step of a random walk over failing receivers and
// disks, restarts, damage, small budgets and jumps of the clock.
func TestEveryEventIsAccountedFor(t *testing.T) {
	const walk = 250 // steps of one directory
	steps := testkit.Heavy(10_000, 250)
	seen := map[string]int{}
	for seed := range steps / walk {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, uint64(seed))
			for range walk {
				w.step(t)
				w.check(t)
			}
			w.finish(t, seen)
		})
	}
	t.Logf("%d steps: %v", steps, seen)
	for _, reason := range []string{"delivered", "refused", "no space", "gone", "damaged"} {
		require.Positive(t, seen[reason], "nothing was ever %s", reason)
	}
}

// A world is one dump path, its process, its disk and two receivers.
type world struct {
	rng   *rand.Rand
	dir   string
	disk  *brokenDisk
	wall  atomic.Int64 // how far the wall clock is off
	lab   *lab
	now   map[string]*receiver
	trail []string

	mu        sync.Mutex
	confirmed map[string][]string                   // by reporter, what it was to get
	settled   map[string]map[string]map[string]bool // by reporter and event, what became of it
	lost      map[string]map[string]bool            // by reporter, what only a process that ended had in memory
	orphaned  map[string]map[string]bool            // by reporter, what a process left on disk and none had taken over
}

// live starts a process.
func (w *world) live(t *testing.T) {
	t.Helper()
	w.lab = newLab(t, holmes.WithDumpPath(w.dir), holmes.WithReporter(w.now["one"]), holmes.WithReporter(w.now["two"]),
		holmes.WithCollectInterval("1m"), // the signals are not what this is about
		holmes.WithDumpLimits(12, 400_000), holmes.WithDumpFree(0), holmes.WithLogger(nil), holmes.WithNamedReporter("*holmes_test.collector", nil))
	w.lab.SetFault(w.disk.fault)
	w.lab.SetWall(func() time.Time { return time.Now().Add(time.Duration(w.wall.Load())).Round(0) })
	w.lab.OnSettled(w.settle)
	w.lab.SetCapture(holmes.KindThreadcreate, 0, writes(make([]byte, 3000)))
	w.lab.run(t)
	synctest.Wait()
}

func (w *world) settle(reporter, id, reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if reason == "" {
		reason = "delivered"
	}
	if w.settled[reporter][id] == nil {
		w.settled[reporter][id] = map[string]bool{}
	}
	w.settled[reporter][id][reason] = true
}

// step does one thing, mostly to take an event.
func (w *world) step(t *testing.T) {
	t.Helper()
	does := []struct {
		weight int
		name   string
		do     func(t *testing.T)
	}{
		{30, "capture", w.capture},
		{15, "receiver", w.changeReceiver},
		{12, "wait", func(*testing.T) { seconds(w.rng.IntN(120)) }},
		{8, "disk fails", func(*testing.T) { w.disk.set(w.rng.IntN(4), w.rng.Uint64()) }},
		{8, "disk mends", func(*testing.T) { w.disk.set(0, 0) }},
		{4, "stop and start", func(t *testing.T) { t.Helper(); w.lab.Stop(); require.NoError(t, w.lab.Start()) }},
		{4, "next process", w.restart},
		{3, "clock", func(*testing.T) { w.wall.Store(w.rng.Int64N(int64(1000*time.Hour)) - int64(500*time.Hour)) }},
		{3, "damage", w.damage},
		{2, "removal", w.remove},
		{2, "directory removed", func(t *testing.T) { t.Helper(); require.NoError(t, os.RemoveAll(w.dir)) }},
		{2, "budget", func(t *testing.T) {
			t.Helper()
			require.NoError(t, w.lab.Set(holmes.WithDumpLimits(1+w.rng.IntN(12), 10_000+w.rng.Int64N(400_000))))
		}},
		{1, "hours", func(*testing.T) { seconds(3600 * w.rng.IntN(testkit.Heavy(30, 6))) }},
	}
	sum := 0
	for _, d := range does {
		sum += d.weight
	}
	at := w.rng.IntN(sum)
	for _, d := range does {
		if at -= d.weight; at < 0 {
			w.trail = append(w.trail, d.name)
			d.do(t)
			break
		}
	}
	synctest.Wait()
}

func (w *world) capture(t *testing.T) {
	t.Helper()
	for range 1 + w.rng.IntN(3) {
		id := w.lab.capture(t)
		w.mu.Lock()
		for name := range w.now {
			w.confirmed[name] = append(w.confirmed[name], id)
		}
		w.mu.Unlock()
	}
}

func (w *world) changeReceiver(*testing.T) {
	r := w.now[[]string{"one", "two"}[w.rng.IntN(2)]]
	flaky := rand.New(rand.NewPCG(w.rng.Uint64(), 1))
	behaviours := []func(*holmes.Event) error{
		nil, nil, down,
		func(*holmes.Event) error { return waitError{time.Duration(flaky.IntN(900)) * time.Second} },
		func(*holmes.Event) error { panic("receiver") },
		func(*holmes.Event) error {
			return []error{nil, errDown, holmes.Permanent(errors.New("no"))}[flaky.IntN(3)]
		},
	}
	r.set(behaviours[w.rng.IntN(len(behaviours))])
}

// restart ends the process and starts another: what it had in memory only is
// lost with it.
func (w *world) restart(t *testing.T) {
	t.Helper()
	w.lab.Stop()
	synctest.Wait()
	for name := range w.now {
		waits := marks(t, w.dir, name)
		for _, id := range w.lab.Queued(name) {
			files, _ := filepath.Glob(filepath.Join(w.dir, id, "[a-z]*"))
			if !slices.Contains(waits, id) || len(files) == 0 {
				w.lost[name][id] = true
			}
		}
	}
	w.live(t)
}

func (w *world) waitingEvent(t *testing.T) string {
	t.Helper()
	all := append(marks(t, w.dir, "one"), marks(t, w.dir, "two")...)
	if len(all) == 0 {
		return ""
	}
	return filepath.Join(w.dir, all[w.rng.IntN(len(all))])
}

func (w *world) damage(t *testing.T) {
	t.Helper()
	dir := w.waitingEvent(t)
	if _, err := os.Stat(filepath.Join(dir, ".sealed")); dir == "" || err != nil {
		return
	}
	path := filepath.Join(dir, "event.json")
	if raw, err := os.ReadFile(path); err == nil {
		raw[w.rng.IntN(len(raw))] ^= 1
		require.NoError(t, os.WriteFile(path, raw, 0o600))
	}
}

func (w *world) remove(t *testing.T) {
	t.Helper()
	if dir := w.waitingEvent(t); dir != "" {
		require.NoError(t, os.RemoveAll(dir))
	}
}

// check holds the figures against each other, and accounts for every event.
func (w *world) check(t *testing.T) {
	t.Helper()
	trail := func() string { return fmt.Sprint(w.trail) }
	for name := range w.now {
		s := w.lab.reporter(t, name)
		sum := s.Delivered + uint64(s.Waiting)
		for _, n := range s.Dropped {
			sum += n
		}
		require.Equal(t, s.Offered, sum, "%s: %+v\n%s", name, s, trail())
		queued, waits := w.lab.Queued(name), marks(t, w.dir, name)
		require.Len(t, queued, s.Waiting)
		w.mu.Lock()
		for _, id := range waits {
			if !slices.Contains(queued, id) {
				w.orphaned[name][id] = true // it may be removed before it is counted
			}
		}
		for _, id := range w.confirmed[name] {
			became := w.settled[name][id]
			if !slices.Contains(queued, id) && len(became) == 0 && !w.orphaned[name][id] && !w.lost[name][id] {
				t.Fatalf("%s: event %s is nowhere\n%s", name, id, trail())
			}
			if became["delivered"] && w.now[name].times(id) == 0 {
				t.Fatalf("%s: event %s was never received", name, id)
			}
		}
		w.mu.Unlock()
	}
	stats := w.lab.Stats()
	require.Zero(t, stats.Bugs, trail())
	require.LessOrEqual(t, w.lab.BytesInMemory(), holmes.MaxInMemoryBytes)
}

// finish lets everything mend, and accounts for what is left.
func (w *world) finish(t *testing.T, seen map[string]int) {
	t.Helper()
	w.disk.set(0, 0)
	for _, r := range w.now {
		r.set(nil)
	}
	require.NoError(t, w.lab.Set(holmes.WithDumpLimits(100, 10_000_000)))
	seconds(15 * 60)
	w.check(t)
	for name := range w.now {
		require.Zero(t, w.lab.reporter(t, name).Waiting, "%s: all is delivered when all has mended", w.trail)
		for _, id := range marks(t, w.dir, name) {
			left, _ := os.ReadDir(filepath.Join(w.dir, id))
			all, _ := os.ReadDir(w.dir)
			t.Fatalf("%s: %s waits for ever, though %v: %v in %v\n%s", name, id, w.settled[name][id], left, all, w.trail)
		}
		for _, id := range w.confirmed[name] {
			for reason := range w.settled[name][id] {
				seen[reason]++
			}
			switch {
			case len(w.settled[name][id]) > 0:
			case w.lost[name][id]:
				seen["in memory of a process that ended"]++
			default:
				seen["left by a process, and removed before it was taken over"]++
			}
		}
	}
	w.lab.Stop()
	for _, name := range slices.Collect(maps.Keys(w.now)) {
		require.Empty(t, w.lab.Queued(name))
	}
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	w := &world{
		rng: rand.New(rand.NewPCG(4, seed)), dir: filepath.Join(testkit.FastDir(t), "evidence"), disk: &brokenDisk{},
		now:       map[string]*receiver{"one": newReceiver("one"), "two": newReceiver("two")},
		confirmed: map[string][]string{}, settled: map[string]map[string]map[string]bool{}, lost: map[string]map[string]bool{},
		orphaned: map[string]map[string]bool{},
	}
	for name := range w.now {
		w.settled[name], w.lost[name], w.orphaned[name] = map[string]map[string]bool{}, map[string]bool{}, map[string]bool{}
	}
	w.live(t)
	return w
}

// times is how often the receiver was given an event.
func (r *receiver) times(id string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.got[id]
}

// A brokenDisk fails in one of some ways.
type brokenDisk struct {
	mu  sync.Mutex
	way int
	rng *rand.Rand
}

func (d *brokenDisk) set(way int, seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.way, d.rng = way, rand.New(rand.NewPCG(seed, 6))
}

func (d *brokenDisk) fault(op, _ string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.way == 1 && d.rng.IntN(10) == 0:
		return syscall.EIO // now and then
	case d.way == 2 && (op == "write" || op == "truncate" || op == "mkdir"):
		return syscall.ENOSPC
	case d.way == 3:
		return syscall.EROFS
	}
	return nil
}
