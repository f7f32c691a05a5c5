package holmes

import (
	"context"
	"fmt"
	"log/slog"
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
