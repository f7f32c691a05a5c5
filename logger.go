package holmes

import (
	"context"
	"fmt"
	"log/slog"
)

// A Logger logs the messages of holmes. *zap.SugaredLogger and the loggers of
// mosn.io/pkg implement it.
//
// One goroutine calls it, which does nothing else: a Logger that blocks or panics
// loses messages and has no other effect.
type Logger interface {
	Debugf(format string, args ...any)
	Infof(format string, args ...any)
	Warnf(format string, args ...any)
	Errorf(format string, args ...any)
}

// slogLogger is the default. It calls slog.Default() for every line, so that it uses a
// handler that is set later.
type slogLogger struct{}

func (slogLogger) logf(l slog.Level, format string, args []any) {
	slog.Default().Log(context.Background(), l, fmt.Sprintf(format, args...))
}
func (s slogLogger) Debugf(format string, args ...any) { s.logf(slog.LevelDebug, format, args) }
func (s slogLogger) Infof(format string, args ...any)  { s.logf(slog.LevelInfo, format, args) }
func (s slogLogger) Warnf(format string, args ...any)  { s.logf(slog.LevelWarn, format, args) }
func (s slogLogger) Errorf(format string, args ...any) { s.logf(slog.LevelError, format, args) }

// silence takes the place of a nil logger, as in mosn/holmes.
type silence struct{}

func (silence) Debugf(string, ...any) {}
func (silence) Infof(string, ...any)  {}
func (silence) Warnf(string, ...any)  {}
func (silence) Errorf(string, ...any) {}
