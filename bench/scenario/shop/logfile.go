package shop

import (
	"fmt"
	"os"
	"sync"
)

// mostLog is how long the log may become before it begins anew.
const mostLog = 16 << 20

// A logFile is where the shop logs to.
type logFile struct {
	mu   sync.Mutex
	file *os.File
	size int
}

func createLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("shop: %w", err)
	}
	return &logFile{file: f}, nil
}

// Write implements [io.Writer].
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > mostLog {
		if err := l.file.Truncate(0); err != nil {
			return 0, err
		}
		l.size = 0
	}
	n, err := l.file.Write(p)
	l.size += n
	return n, err
}

// Close implements [io.Closer].
func (l *logFile) Close() error { return l.file.Close() }
