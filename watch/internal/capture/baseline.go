package capture

import (
	"sync"
	"time"

	"github.com/go-holmes/holmes/event"

	"github.com/go-holmes/holmes/watch/internal/targets"
)

// Baselines keeps the latest profiles of calm times of each service and version.
type Baselines struct {
	every time.Duration

	mu  sync.Mutex
	all map[string]*baseline // by service and version
}

// A baseline is one round of profiles of one target in calm times.
type baseline struct {
	at       time.Time // zero until the first round is complete
	instance string
	raw      map[event.Kind][]byte
	heapAt   time.Time
	earlier  map[event.Kind][]byte // of the same instance, the round before
	span     time.Duration         // from the earlier heap profile to this one

	tried time.Time // when the latest round began
}

// maxBaselines is the maximum number of services and versions with a baseline, and
// maxBaselineBytes the maximum size of one profile in it.
const (
	maxBaselines     = 2000
	maxBaselineBytes = 2 << 20
)

// retryBaseline is the time after a round that failed.
const retryBaseline = 30 * time.Second

func newBaselines(every time.Duration) *Baselines {
	return &Baselines{every: every, all: map[string]*baseline{}}
}

func baselineKey(t *targets.Target) string { return t.Service() + "\x00" + t.Version() }

// claim reports whether the target is to begin a round now.
func (b *Baselines) claim(t *targets.Target, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	key := baselineKey(t)
	have := b.all[key]
	if have == nil {
		if len(b.all) >= maxBaselines {
			b.removeOldest()
		}
		have = &baseline{}
		b.all[key] = have
	}
	if now.Sub(have.tried) < min(retryBaseline, b.every) || !have.at.IsZero() && now.Sub(have.at) < b.every {
		return false
	}
	have.tried = now
	return true
}

func (b *Baselines) removeOldest() {
	oldest, at := "", time.Time{}
	for key, have := range b.all {
		if oldest == "" || have.tried.Before(at) {
			oldest, at = key, have.tried
		}
	}
	delete(b.all, oldest)
}

// put keeps a round that is complete.
func (b *Baselines) put(t *targets.Target, now, heapAt time.Time, raw map[event.Kind][]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := &baseline{at: now, tried: now, instance: t.Instance(), raw: raw, heapAt: heapAt}
	if old := b.all[baselineKey(t)]; old != nil && old.instance == next.instance {
		next.earlier, next.span = old.raw, heapAt.Sub(old.heapAt)
	}
	b.all[baselineKey(t)] = next
}

// of returns the baseline of a target, nil if there is none.
func (b *Baselines) of(t *targets.Target) *baseline {
	b.mu.Lock()
	defer b.mu.Unlock()
	if have := b.all[baselineKey(t)]; have != nil && !have.at.IsZero() {
		return have
	}
	return nil
}
