package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// A Fleet watches targets, each in a goroutine of its own.
type Fleet struct {
	config   *config.Config
	captures *capture.Captures
	log      *zap.Logger
	clients  map[*config.Job]*client.Client
	began    time.Time

	ctx    context.Context
	cancel context.CancelFunc
	tasks  sync.WaitGroup

	mu       sync.Mutex
	watchers map[string]*watcher // by key of the target
	ready    bool                // discovery has answered

	stats Stats
}

// Stats counts readings.
type Stats struct {
	Scrapes, Failed atomic.Uint64
	// Late counts readings that were skipped, because the one before took too long.
	Late atomic.Uint64
	// Lag is the sum of how much later than due readings began, in nanoseconds.
	Lag atomic.Int64
	// Nanos is the time that readings took, in nanoseconds.
	Nanos atomic.Int64
}

// New returns a fleet without targets.
func New(c *config.Config, captures *capture.Captures, log *zap.Logger) (*Fleet, error) {
	f := &Fleet{
		config: c, captures: captures, log: log, began: time.Now(),
		clients: map[*config.Job]*client.Client{}, watchers: map[string]*watcher{},
	}
	for _, j := range c.Jobs {
		cl, err := client.New(j, &c.Networks)
		if err != nil {
			return nil, err
		}
		f.clients[j] = cl
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	return f, nil
}

// Update takes over a list of targets: those that are new are watched, and those that
// are gone are not any more.
func (f *Fleet) Update(list []*targets.Target) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ctx.Err() != nil {
		return
	}
	f.ready = true
	wanted := map[string]*targets.Target{}
	for _, t := range list {
		wanted[t.Key()] = t
	}
	for key, w := range f.watchers {
		if t := wanted[key]; t == nil || !t.Same(w.source.Target) {
			w.cancel()
			delete(f.watchers, key)
		}
	}
	for key, t := range wanted {
		if f.watchers[key] != nil {
			continue
		}
		w, err := f.newWatcher(t)
		if err != nil {
			f.log.Error("A target is not watched.", zap.String("target", key), zap.Error(err))
			continue
		}
		f.watchers[key] = w
		f.tasks.Go(w.watch)
	}
}

// Stop ends the watching of all targets and waits for it. Captures go on.
func (f *Fleet) Stop() {
	f.mu.Lock()
	f.cancel()
	f.mu.Unlock()
	f.tasks.Wait()
}

// Close closes the connections. It is called when the captures have ended.
func (f *Fleet) Close() {
	for _, c := range f.clients {
		c.Close()
	}
}

// Ready reports whether discovery has answered once.
func (f *Fleet) Ready() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ready
}

// Stats returns the counters.
func (f *Fleet) Stats() *Stats { return &f.stats }

// Views returns the state of all targets, sorted by service and instance.
func (f *Fleet) Views() []View {
	f.mu.Lock()
	all := make([]*watcher, 0, len(f.watchers))
	for _, w := range f.watchers {
		all = append(all, w)
	}
	f.mu.Unlock()
	out := make([]View, 0, len(all))
	for _, w := range all {
		out = append(out, w.View())
	}
	slices.SortFunc(out, func(a, b View) int {
		return strings.Compare(a.Service+"\x00"+a.Instance+"\x00"+a.Key, b.Service+"\x00"+b.Instance+"\x00"+b.Key)
	})
	return out
}

func (f *Fleet) newWatcher(t *targets.Target) (*watcher, error) {
	cl := f.clients[t.Job]
	if cl == nil {
		return nil, fmt.Errorf("holmes-watch: job %q is not configured", t.Job.Name)
	}
	pin := new(client.Pin)
	w := &watcher{fleet: f, source: capture.NewSource(t, cl, pin)}
	w.ctx, w.cancel = context.WithCancel(f.ctx)
	if err := w.prepare(); err != nil {
		return nil, err
	}
	return w, nil
}
