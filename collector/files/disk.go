package files

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// fullRetry is when another attempt may succeed after the disk was full.
const fullRetry = time.Minute

// diskError gives an error of a full disk its code.
func diskError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return &collector.Error{Code: collector.Full, Message: "the disk is full", RetryAfter: fullRetry, Err: err}
	}
	return err
}

// blockSize is the unit in which file systems allocate.
const blockSize = 4096

func onDisk(size int64) int64 { return (size + blockSize - 1) / blockSize * blockSize }

// syncFile makes a file, or the names in a directory, durable where the system
// supports it.
func syncFile(f *os.File) error {
	err := f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // the file system does not support it
	}
	return err
}

// syncDir syncs a directory.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(syncFile(f), f.Close())
}

// A groupSync syncs a directory once for all concurrent callers.
type groupSync struct {
	path string
	once func(path string) error // syncs
	turn sync.Mutex              // held while it syncs

	mu   sync.Mutex
	next *syncRound // has not begun
}

type syncRound struct {
	done chan struct{}
	err  error
}

// sync returns when a sync that began after the call has ended.
func (g *groupSync) sync() error {
	g.mu.Lock()
	round, leads := g.next, false
	if round == nil {
		round, leads = &syncRound{done: make(chan struct{})}, true
		g.next = round
	}
	g.mu.Unlock()
	if !leads {
		<-round.done
		return round.err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	g.mu.Lock()
	g.next = nil
	g.mu.Unlock()
	round.err = g.once(g.path)
	close(round.done)
	return round.err
}
