package holmes

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// NewStdLogger returns a [Logger] that writes to standard output, from level Info on.
func NewStdLogger() Logger {
	return &textLogger{level: slog.LevelInfo, open: func() (*os.File, error) { return os.Stdout, nil }}
}

// NewFileLog returns a [Logger] that appends to a file, which is created with mode 0600
// when the first line is written. level is a level of mosn.io/pkg/log (FATAL, ERROR,
// WARN, INFO, DEBUG, TRACE, counted from 0) or of a type with the same values. Lines
// are lost if the file cannot be written.
func NewFileLog[L ~uint8](path string, level L) Logger {
	return &textLogger{level: levelOf(uint8(level)), open: func() (*os.File, error) {
		return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	}}
}

// levelOf translates a level of mosn.io/pkg/log.
func levelOf(l uint8) slog.Level {
	switch {
	case l <= 1:
		return slog.LevelError
	case l == 2:
		return slog.LevelWarn
	case l == 3:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}

// textLogger writes lines in slog's text form to a file, which it opens once.
type textLogger struct {
	level slog.Level
	open  func() (*os.File, error)

	once sync.Once
	to   *slog.Logger
}

func (t *textLogger) logf(l slog.Level, format string, args []any) {
	t.once.Do(func() {
		t.to = slog.New(slog.DiscardHandler)
		if f, err := t.open(); err == nil {
			t.to = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: t.level}))
		}
	})
	t.to.Log(context.Background(), l, fmt.Sprintf(format, args...))
}

func (t *textLogger) Debugf(format string, args ...any) { t.logf(slog.LevelDebug, format, args) }
func (t *textLogger) Infof(format string, args ...any)  { t.logf(slog.LevelInfo, format, args) }
func (t *textLogger) Warnf(format string, args ...any)  { t.logf(slog.LevelWarn, format, args) }
func (t *textLogger) Errorf(format string, args ...any) { t.logf(slog.LevelError, format, args) }
