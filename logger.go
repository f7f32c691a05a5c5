package holmes

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Logger takes holmes's own messages. *zap.SugaredLogger and the loggers of
// mosn.io/pkg satisfy it unchanged; the default writes to slog.Default().
//
// It is called by one goroutine of its own, never from a reading, so one that
// blocks or panics costs messages and nothing else.
type Logger interface {
	Debugf(format string, args ...any)
	Infof(format string, args ...any)
	Warnf(format string, args ...any)
	Errorf(format string, args ...any)
}

// slogLogger is the default: it asks for slog.Default() at every line, so that
// a handler that is set later is used.
type slogLogger struct{}

func (slogLogger) logf(l slog.Level, format string, args []any) {
	slog.Default().Log(context.Background(), l, fmt.Sprintf(format, args...))
}
func (s slogLogger) Debugf(format string, args ...any) { s.logf(slog.LevelDebug, format, args) }
func (s slogLogger) Infof(format string, args ...any)  { s.logf(slog.LevelInfo, format, args) }
func (s slogLogger) Warnf(format string, args ...any)  { s.logf(slog.LevelWarn, format, args) }
func (s slogLogger) Errorf(format string, args ...any) { s.logf(slog.LevelError, format, args) }

// silence is what a nil logger becomes, as users of mosn/holmes expect.
type silence struct{}

func (silence) Debugf(string, ...any) {}
func (silence) Infof(string, ...any)  {}
func (silence) Warnf(string, ...any)  {}
func (silence) Errorf(string, ...any) {}

const (
	logQueue = 256             // lines; the oldest go first
	logEvery = 5 * time.Minute // one line per cause in this time
)

// A logbook is the way from everywhere in holmes to the user's Logger. It
// formats at once, queues, and never blocks the one who logs.
type logbook struct {
	clock   clock
	guard   guard
	lines   chan logLine
	dropped atomic.Uint64

	mu   sync.Mutex
	last map[string]time.Duration // when a cause was last logged
}

type logLine struct {
	level slog.Level
	text  string
}

func newLogbook(c clock) *logbook {
	return &logbook{clock: c, guard: guard{clock: c}, lines: make(chan logLine, logQueue), last: map[string]time.Duration{}}
}

func (b *logbook) debugf(format string, args ...any) { b.add(slog.LevelDebug, format, args) }
func (b *logbook) infof(format string, args ...any)  { b.add(slog.LevelInfo, format, args) }
func (b *logbook) warnf(format string, args ...any)  { b.add(slog.LevelWarn, format, args) }

// onCause logs a trouble that may come back at every tick: once per cause in
// logEvery.
func (b *logbook) onCause(cause, format string, args ...any) {
	now := b.clock.mono()
	b.mu.Lock()
	at, seen := b.last[cause]
	quiet := seen && now-at < logEvery
	if !quiet {
		b.last[cause] = now
	}
	b.mu.Unlock()
	if !quiet {
		b.warnf(format, args...)
	}
}

func (b *logbook) add(level slog.Level, format string, args []any) {
	line := logLine{level, fmt.Sprintf(format, args...)}
	for {
		select {
		case b.lines <- line:
			return
		default:
		}
		select {
		case <-b.lines:
			b.dropped.Add(1)
		default:
		}
	}
}

// drain hands queued lines to the logger until stop is closed and the queue
// is empty.
func (b *logbook) drain(stop <-chan struct{}, logger func() Logger) {
	for {
		select {
		case l := <-b.lines:
			b.emit(logger(), l)
			continue
		default:
		}
		select {
		case l := <-b.lines:
			b.emit(logger(), l)
		case <-stop:
			if len(b.lines) == 0 {
				return
			}
		}
	}
}

// emit passes the text as an argument: a percent sign in it is no format.
func (b *logbook) emit(to Logger, l logLine) {
	_ = b.guard.call(func() error { // there is nowhere left to log to
		if l.level >= slog.LevelWarn {
			to.Warnf("%s", l.text)
		} else {
			to.Infof("%s", l.text)
		}
		return nil
	})
}
