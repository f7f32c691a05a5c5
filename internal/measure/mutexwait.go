package measure

import "time"

// A lockWait is how many seconds goroutines have waited for locks in a second, which
// is the number of waiting goroutines.
//
// The runtime counts a wait when it ends, and one of eight waits eight times: ten
// goroutines that wait five seconds each are a burst of 40 s now and then. So it is a
// mean over lockWindow, which a single burst leaves before the rule's hold is over.
type lockWait struct {
	read func() (float64, error)
	lastReading
	past [lockSlots]lockTotal // a ring
	n    int                  // how many were ever added to it
}

type lockTotal struct {
	at    time.Duration
	total float64
}

const (
	lockWindow = 10 * time.Second
	lockSlots  = 16
)

// MutexWait returns the seconds waited in a second.
func (m *Meter) MutexWait(*Config) (value, limit float64, err error) {
	w := &m.pressure.locks
	total, err := w.read()
	if err != nil {
		return 0, 0, err
	}
	now := lockTotal{m.at, total}
	if w.next(m) == 0 {
		w.past[0], w.n = now, 1
		return 0, 0, ErrOneReading
	}
	then := w.oldest(now.at)
	if now.at-w.slot(w.n-1).at >= lockWindow/lockSlots {
		*w.slot(w.n) = now
		w.n++
	}
	return (now.total - then.total) / (now.at - then.at).Seconds(), 0, nil
}

// oldest returns the total of lockWindow ago, or that of the previous tick if ticks
// are further apart.
func (w *lockWait) oldest(now time.Duration) lockTotal {
	for i := max(0, w.n-lockSlots); i < w.n-1; i++ {
		if t := w.slot(i); now-t.at <= lockWindow {
			return *t
		}
	}
	return *w.slot(w.n - 1)
}

func (w *lockWait) slot(i int) *lockTotal { return &w.past[i%lockSlots] }
