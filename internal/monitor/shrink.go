package monitor

import (
	"runtime"
	"time"
)

// Shrink is the options about idle threads, which are ended when there have been more
// than Threshold threads for the time of Delay.
type Shrink struct {
	Enabled   bool
	Threshold int // threads
	Delay     time.Duration
}

// shrinkPause is the least time from ending threads to ending more.
const shrinkPause = time.Hour

// A shrinker knows since when there are too many threads.
type shrinker struct {
	over  bool
	since time.Duration
	next  time.Duration
}

// shrinkThreads starts a goroutine that ends the threads over the threshold, if there
// have been too many for the time of the delay.
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

// threadPause is the time from the end of a thread to the next, so that a busy host is
// not disturbed.
const threadPause = 10 * time.Millisecond

// endThreads ends n threads, one after the other: the runtime ends the thread of a
// goroutine that returns while locked to it, and continues on an idle thread. If no
// thread is idle it creates one, so the number never grows.
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
