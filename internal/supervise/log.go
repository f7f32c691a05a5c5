package supervise

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is the part of the user's logger that a [Log] writes to.
type Sink interface {
	Infof(format string, args ...any)
	Warnf(format string, args ...any)
}

const (
	logQueue = 256             // lines; the oldest are dropped first
	logEvery = 5 * time.Minute // one line per cause in this time
)

// A Log is the sampled log between holmes and the user's logger. It formats a message
// at once, queues it, and never blocks the caller.
type Log struct {
	clock   Clock
	breaker *Breaker
	lines   chan line
	dropped atomic.Uint64

	mu   sync.Mutex
	last map[string]time.Duration // when a cause was last logged
}

type line struct {
	level slog.Level
	text  string
}

// NewLog returns an empty log.
func NewLog(c Clock) *Log {
	return &Log{clock: c, breaker: NewBreaker(c), lines: make(chan line, logQueue), last: map[string]time.Duration{}}
}

// Debugf queues a message.
func (l *Log) Debugf(format string, args ...any) { l.add(slog.LevelDebug, format, args) }

// Infof queues a message.
func (l *Log) Infof(format string, args ...any) { l.add(slog.LevelInfo, format, args) }

// Warnf queues a message.
func (l *Log) Warnf(format string, args ...any) { l.add(slog.LevelWarn, format, args) }

// OnCause logs a fault that may occur at every tick: one warning per cause in five
// minutes.
func (l *Log) OnCause(cause, format string, args ...any) {
	now := l.clock.Mono()
	l.mu.Lock()
	at, seen := l.last[cause]
	recent := seen && now-at < logEvery
	if !recent {
		l.last[cause] = now
	}
	l.mu.Unlock()
	if !recent {
		l.Warnf(format, args...)
	}
}

// Dropped returns how many messages were dropped because the logger was too slow.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Panics returns how often the logger has panicked.
func (l *Log) Panics() uint64 { return l.breaker.Panics() }

func (l *Log) add(level slog.Level, format string, args []any) {
	next := line{level, fmt.Sprintf(format, args...)}
	for {
		select {
		case l.lines <- next:
			return
		default:
		}
		select {
		case <-l.lines:
			l.dropped.Add(1)
		default:
		}
	}
}

// Drain passes queued lines to the logger until stop is closed and the queue is
// empty.
func (l *Log) Drain(stop <-chan struct{}, to func() Sink) {
	for {
		select {
		case next := <-l.lines:
			l.emit(to(), next)
			continue
		default:
		}
		select {
		case next := <-l.lines:
			l.emit(to(), next)
		case <-stop:
			if len(l.lines) == 0 {
				return
			}
		}
	}
}

// emit passes the text as an argument, because it may contain percent signs.
func (l *Log) emit(to Sink, next line) {
	_ = l.breaker.Call(func() error { // there is no other log for its error
		if next.level >= slog.LevelWarn {
			to.Warnf("%s", next.text)
		} else {
			to.Infof("%s", next.text)
		}
		return nil
	})
}
