package holmes

import (
	"log/slog"
	"os"
	"sync"
)

// NewStdLogger returns a [Logger] that writes to standard output, from level Info on.
func NewStdLogger() Logger {
	return newTextLogger(slog.LevelInfo, func() (*os.File, error) { return os.Stdout, nil })
}

// NewFileLog returns a [Logger] that appends to a file, which is created with mode 0600
// when the first line is written. level is a level of mosn.io/pkg/log (FATAL, ERROR,
// WARN, INFO, DEBUG, TRACE, counted from 0) or of a type with the same values. Lines
// are lost if the file cannot be written.
func NewFileLog[L ~uint8](path string, level L) Logger {
	return newTextLogger(levelOf(uint8(level)), func() (*os.File, error) {
		return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	})
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

// newTextLogger returns a logger that writes lines in slog's text form to a file, which
// it opens with the first line.
func newTextLogger(level slog.Level, open func() (*os.File, error)) Logger {
	return &slogLogger{sync.OnceValue(func() *slog.Logger {
		f, err := open()
		if err != nil {
			return slog.New(slog.DiscardHandler)
		}
		return slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{Level: level}))
	})}
}
