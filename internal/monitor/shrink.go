package monitor

import (
	"runtime"
	"time"
)

// Shrink says when idle threads are ended.
type Shrink struct {
	Enabled   bool
	Threshold int // threads
	Delay     time.Duration
}

// shrinkPause is the least time between two shrinkings.
const shrinkPause = time.Hour

// A shrinker remembers since when there have been too many threads.
type shrinker struct {
	over  bool
	since time.Duration
	next  time.Duration
}

// shrinkThreads ends threads over the threshold once there have been too many
// for the delay. The loop calls it; it works beside the loop.
func (m *Monitor) shrinkThreads(now time.Duration, c *Shrink) {
	threads, err := m.Meter.Threads()
	extra := threads - c.Threshold
	s := &m.shrink
	switch {
	case extra <= 0 || err != nil:
		s.over = false
		return
	case !s.over:
		s.over, s.since = true, now
	}
	if now-s.since < c.Delay || now < s.next {
		return
	}
	s.over, s.next = false, now+shrinkPause
	m.Scope.Log.Infof("ending %d idle threads of %d, over the threshold of %d", extra, threads, c.Threshold)
	m.Scope.Go("shrink threads", func() { endThreads(extra, m.Scope.Stop) })
}

// threadPause is the time from one thread's end to the next, so that a busy
// host does not feel them.
const threadPause = 10 * time.Millisecond

// endThreads ends n threads, one after the other: the runtime ends the thread
// of a goroutine that returns while locked to it, and goes on with an idle one.
// Where no thread is idle it makes a new one, so the number never grows.
func endThreads(n int, stop <-chan struct{}) {
	pause := time.NewTicker(threadPause)
	defer pause.Stop()
	for range n {
		done := make(chan struct{})
		go func() {
			defer close(done)
			runtime.LockOSThread()
		}()
		<-done
		select {
		case <-pause.C:
		case <-stop:
			return
		}
	}
}
