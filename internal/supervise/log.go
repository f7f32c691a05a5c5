package supervise

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is the part of the user's logger that a [Log] writes to.
type Sink interface {
	Debugf(format string, args ...any)
	Infof(format string, args ...any)
	Warnf(format string, args ...any)
}

// A structured Sink takes attributes.
type structured interface {
	Debugw(msg string, keysAndValues ...any)
	Infow(msg string, keysAndValues ...any)
	Warnw(msg string, keysAndValues ...any)
}

const (
	logQueue  = 256             // lines; the oldest are dropped first
	logEvery  = 5 * time.Minute // one line per cause in this time
	forgotten = time.Hour       // a condition that nothing has met for this time has ended
)

// A Log is the sampled log between holmes and the user's logger. It formats a message
// at once, queues it, and never blocks the caller.
type Log struct {
	*logCore
	attrs []any // of every line: keys and values
}

type logCore struct {
	clock   Clock
	breaker *Breaker
	lines   chan line
	dropped atomic.Uint64

	mu     sync.Mutex
	causes map[string]cause
}

// A cause is a fault or a condition that was logged.
type cause struct {
	told time.Duration // mono of the latest line about it
	on   bool          // a condition that lasts, and was logged
	met  time.Duration // mono of when it was met last
}

// A level is an index of a logger's methods.
type level int

const (
	levelDebug level = iota
	levelInfo
	levelWarn
)

type line struct {
	level level
	text  string
	attrs []any
}

// NewLog returns an empty log.
func NewLog(c Clock) *Log {
	return &Log{logCore: &logCore{clock: c, breaker: NewBreaker(c), lines: make(chan line, logQueue), causes: map[string]cause{}}}
}

// With returns the log with attributes for each of its lines: keys, which are strings,
// and values. It is not inlined, because its callers are many and none is on a hot path.
//
//go:noinline
func (l *Log) With(attrs ...any) *Log {
	return &Log{l.logCore, append(slices.Clip(l.attrs), attrs...)}
}

// Debugf queues a message.
func (l *Log) Debugf(format string, args ...any) { l.add(levelDebug, format, args) }

// Infof queues a message.
func (l *Log) Infof(format string, args ...any) { l.add(levelInfo, format, args) }

// Warnf queues a message.
func (l *Log) Warnf(format string, args ...any) { l.add(levelWarn, format, args) }

// OnCause logs a fault that may occur at every tick: one warning per cause in five
// minutes. A fault that lasts is a condition; see [Log.Begin].
func (l *Log) OnCause(name, format string, args ...any) {
	if l.told(name, false) {
		l.Warnf(format, args...)
	}
}

// Begin logs a condition when it begins. It is called whenever the condition is met;
// the calls until [Log.End] log nothing. One that ends and begins again is logged once
// in five minutes.
func (l *Log) Begin(condition, format string, args ...any) {
	if l.told(condition, true) {
		l.Warnf(format, args...)
	}
}

// End logs the end of a condition whose beginning was logged.
func (l *Log) End(condition, format string, args ...any) {
	l.mu.Lock()
	c := l.causes[condition]
	was := c.on
	if c.on = false; was {
		l.causes[condition] = c
	}
	l.mu.Unlock()
	if was {
		l.Infof(format, args...)
	}
}

// told reports whether a fault or a condition is to be logged now.
func (l *Log) told(name string, lasts bool) bool {
	now := l.clock.Mono()
	l.mu.Lock()
	c, known := l.causes[name]
	lasting := c.on && now-c.met < forgotten
	tell := !lasting && (!known || now-c.told >= logEvery)
	if c.met = now; tell {
		c.told, c.on = now, lasts
	}
	l.causes[name] = c
	l.mu.Unlock()
	return tell
}

// Dropped returns how many messages were dropped because the logger was too slow.
func (l *Log) Dropped() uint64 { return l.dropped.Load() }

// Panics returns how often the logger has panicked.
func (l *Log) Panics() uint64 { return l.breaker.Panics() }

func (l *Log) add(level level, format string, args []any) {
	next := line{level, fmt.Sprintf(format, args...), l.attrs}
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
		case <-stop:
			if len(l.lines) == 0 {
				return
			}
		}
	}
}

func (l *Log) emit(to Sink, next line) {
	_ = l.breaker.Call(func() error { // there is no other log for its error
		if s, ok := to.(structured); ok {
			[...]func(string, ...any){s.Debugw, s.Infow, s.Warnw}[next.level](next.text, append([]any{"component", "holmes"}, next.attrs...)...)
			return nil
		}
		// As an argument, because it may contain percent signs.
		[...]func(string, ...any){to.Debugf, to.Infof, to.Warnf}[next.level]("%s", next.plain())
		return nil
	})
}

// plain returns the line for a logger without attributes: they are in the text, unless
// it names them itself.
func (n *line) plain() string {
	text := []byte("holmes: " + n.text)
	for pair := range slices.Chunk(n.attrs, 2) {
		if value := fmt.Sprint(pair[1]); !strings.Contains(n.text, value) {
			text = fmt.Appendf(text, " %s=%s", pair[0], value)
		}
	}
	return string(text)
}
