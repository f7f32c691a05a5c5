package holmes

import (
	"context"
	"fmt"
	"log/slog"
)

// A Logger logs the messages of holmes. *zap.SugaredLogger and the loggers of
// mosn.io/pkg implement it, and [NewSlogLogger] returns one for package log/slog.
//
// One goroutine calls it, which does nothing else: a Logger that blocks or panics
// loses messages and has no other effect.
//
// A Logger that also has the methods Debugw, Infow and Warnw of *zap.SugaredLogger gets
// attributes: component is "holmes", and event, signal and reporter are what a message
// is about. For others a message begins with "holmes: " and names these in its text.
type Logger interface {
	Debugf(format string, args ...any)
	Infof(format string, args ...any)
	Warnf(format string, args ...any)
	Errorf(format string, args ...any)
}

// NewSlogLogger returns a [Logger] that logs to l, with attributes.
func NewSlogLogger(l *slog.Logger) Logger {
	return &slogLogger{func() *slog.Logger { return l }}
}

// slogLogger asks for its logger for every line: for the default one, which may get
// another handler later, or to open a file with the first line.
type slogLogger struct{ to func() *slog.Logger }

func (s *slogLogger) log(l slog.Level, text string, attrs ...any) {
	s.to().Log(context.Background(), l, text, attrs...)
}

func (s *slogLogger) Debugf(format string, args ...any) {
	s.log(slog.LevelDebug, fmt.Sprintf(format, args...))
}

func (s *slogLogger) Infof(format string, args ...any) {
	s.log(slog.LevelInfo, fmt.Sprintf(format, args...))
}

func (s *slogLogger) Warnf(format string, args ...any) {
	s.log(slog.LevelWarn, fmt.Sprintf(format, args...))
}

func (s *slogLogger) Errorf(format string, args ...any) {
	s.log(slog.LevelError, fmt.Sprintf(format, args...))
}

func (s *slogLogger) Debugw(msg string, attrs ...any) { s.log(slog.LevelDebug, msg, attrs...) }
func (s *slogLogger) Infow(msg string, attrs ...any)  { s.log(slog.LevelInfo, msg, attrs...) }
func (s *slogLogger) Warnw(msg string, attrs ...any)  { s.log(slog.LevelWarn, msg, attrs...) }

// silence takes the place of a nil logger, as in mosn/holmes.
type silence struct{}

func (silence) Debugf(string, ...any) {}
func (silence) Infof(string, ...any)  {}
func (silence) Warnf(string, ...any)  {}
func (silence) Errorf(string, ...any) {}
