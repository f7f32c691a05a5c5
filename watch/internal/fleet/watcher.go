package fleet

import (
	"context"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes/event"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/judge"
	"github.com/go-holmes/holmes/watch/internal/values"
)

// A watcher watches one target. The goroutine of watch owns it, but for the view.
type watcher struct {
	fleet  *Fleet
	source *capture.Source
	ctx    context.Context
	cancel context.CancelFunc

	reader values.Reader
	judge  *judge.Judge
	young  bool // no reading was judged yet
	failed bool // the last reading failed
	calm   atomic.Bool

	mu       sync.Mutex
	readings event.Readings // of the last reading
	last     View
}

// maxPage is the maximum size of a page of metrics, inflated.
const maxPage = 8 << 20

func (w *watcher) prepare() (err error) {
	j := w.source.Target.Job
	w.reader.Limits = values.Limits{Cores: j.Cores, Memory: float64(j.MemoryBytes)}
	w.judge, err = judge.New(j, time.Duration(w.fleet.config.Capture.Grace), w.suspect)
	w.young = true
	w.last = View{State: "unknown", Reason: "its metrics were not read yet"}
	return err
}

// suspect begins a suspicion.
func (w *watcher) suspect(c judge.Cause) judge.Suspicion {
	return w.fleet.captures.Suspect(w.source, w.latest, c)
}

func (w *watcher) latest() event.Readings {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.readings
}

// watch reads the target once an interval, until it is gone. The readings of a fleet are
// spread over the interval.
func (w *watcher) watch() {
	defer w.judge.Drop()
	interval := time.Duration(w.source.Target.Job.ScrapeInterval)
	timer := time.NewTimer(offset(w.source.Target.Key(), interval))
	defer timer.Stop()
	due := time.Time{}
	for {
		select {
		case <-w.ctx.Done():
			return
		case now := <-timer.C:
			if due.IsZero() {
				due = now
			}
			w.fleet.stats.Lag.Add(int64(now.Sub(due)))
			w.read()
			due = w.next(due, interval)
			timer.Reset(time.Until(due))
		}
	}
}

// next returns when the next reading is due. Those that were missed are skipped.
func (w *watcher) next(due time.Time, interval time.Duration) time.Time {
	late := int64(time.Since(due) / interval)
	w.fleet.stats.Late.Add(uint64(late))
	return due.Add(time.Duration(late+1) * interval)
}

// offset returns when in the interval a target is read: the same after a restart.
func offset(key string, interval time.Duration) time.Duration {
	h := fnv.New64a()
	_, _ = h.Write([]byte(key))
	return time.Duration(h.Sum64() % uint64(interval))
}

// read takes one reading and judges it.
func (w *watcher) read() {
	began := time.Now()
	page, err := w.scrape()
	w.fleet.stats.Scrapes.Add(1)
	w.fleet.stats.Nanos.Add(int64(time.Since(began)))
	if w.ctx.Err() != nil {
		return
	}
	if err != nil {
		w.fail(began, err)
		return
	}
	if w.failed {
		w.failed = false
		w.fleet.log.Info("A target can be read again.", zap.String("target", w.source.Target.Key()))
	}
	w.judgePage(page, began)
}

func (w *watcher) scrape() (values.Page, error) {
	t := w.source.Target
	ctx, cancel := context.WithTimeout(w.ctx, time.Duration(t.Job.ScrapeTimeout))
	defer cancel()
	raw, err := w.source.Client.Get(ctx, client.Request{
		URL: t.Metrics, Accept: "text/plain;version=0.0.4", Most: maxPage, Pin: w.source.Pin, Scrape: true,
	})
	if err != nil {
		return nil, err
	}
	return values.Parse(raw)
}

func (w *watcher) judgePage(page values.Page, at time.Time) {
	r := w.reader.Read(page, at)
	if w.young || r.Restarted {
		w.young = false
		if err := w.judge.Reset(w.judge.Grace(r.Started, at)); err != nil {
			w.fail(at, err)
			return
		}
	}
	w.mu.Lock()
	w.readings = r.Readings
	w.mu.Unlock()
	now := at.Sub(w.fleet.began)
	w.judge.Step(now, r.Samples, r.Missing, "")
	w.calm.Store(w.judge.Calm(now))
	w.publish(now, at)
	if w.calm.Load() {
		w.fleet.captures.Calm(w.source, w.calm.Load)
	}
}

// fail records a reading that failed. It is logged when it begins.
func (w *watcher) fail(at time.Time, err error) {
	w.fleet.stats.Failed.Add(1)
	w.calm.Store(false)
	if !w.failed {
		w.failed = true
		w.fleet.log.Warn("A target cannot be read.", zap.String("target", w.source.Target.Key()), zap.Error(err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last.Tried, w.last.State, w.last.Reason = at, "down", err.Error()
}
