// Package lock holds the directory lock and the locks that tell live owners of
// events from dead ones.
package lock

import (
	"errors"
	"os"
	"time"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

const (
	// Patience is how long [AcquireDirectory] waits. The lock is held for
	// milliseconds, unless its holder is stopped or its disk hangs; then the
	// evidence is better kept elsewhere.
	Patience = 2 * time.Second
	// LongestPause is the longest time between two attempts.
	LongestPause = 5 * time.Millisecond
	firstPause   = 100 * time.Microsecond // doubles
)

// ErrBusy is returned when the directory lock is held for longer than [Patience].
var ErrBusy = errors.New("directory is locked by another process")

// A Directory is the lock of a directory. Its holder alone changes what is there.
type Directory struct{ file *os.File }

// AcquireDirectory locks a directory, and waits for [Patience] while it is held
// elsewhere.
func AcquireDirectory(root disk.Dir) (*Directory, error) {
	if err := root.Try("lock", layout.LockName); err != nil {
		return nil, err
	}
	begin, pause := time.Now(), firstPause
	for {
		f, err := openFile(root.Root, layout.LockName, os.O_CREATE)
		if err == nil {
			return &Directory{f}, nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return nil, err
		}
		if time.Since(begin) > Patience {
			return nil, ErrBusy
		}
		<-time.After(pause)
		pause = min(2*pause, LongestPause)
	}
}

// Sign writes a token to the lock, and reports whether it was there: then no
// other holder has changed the directory since.
func (d *Directory) Sign(token string) (again bool, err error) {
	was := make([]byte, layout.TokenLength)
	if n, _ := d.file.ReadAt(was, 0); string(was[:n]) == token {
		return true, nil
	}
	if _, err := d.file.WriteAt([]byte(token), 0); err != nil {
		return false, d.file.Truncate(0) // the disk is full: the next holder counts anew
	}
	return false, nil
}

// Release unlocks the directory. The file of the lock stays.
func (d *Directory) Release() error { return d.file.Close() }
