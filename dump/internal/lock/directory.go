// Package lock holds the directory lock and the locks that tell live owners of
// events from dead ones.
package lock

import (
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

const (
	// Patience is how long [AcquireDirectory] waits for a holder that does nothing. The
	// lock is held for less than a millisecond, unless its holder is stopped or its disk
	// hangs; then the evidence is better kept elsewhere.
	Patience = 2 * time.Second
	// MostPatience is how long it waits for others that take turns.
	MostPatience = 5 * Patience
	// LongestPause is the longest time between two attempts.
	LongestPause = 5 * time.Millisecond
	firstPause   = 100 * time.Microsecond // doubles
)

// ErrBusy is returned when the directory lock is held for longer than [Patience].
var ErrBusy = errors.New("directory is locked by another process")

// A Count bounds what a directory holds: the result of the last scan, and what was
// granted since, by all processes.
type Count struct {
	Events int
	Bytes  int64
}

// A Directory is the lock of a directory. Its holder alone makes grow what is there.
type Directory struct{ file *os.File }

// AcquireDirectory locks a directory. It waits while the lock is held elsewhere, for
// [Patience] if nothing is granted meanwhile.
func AcquireDirectory(root disk.Dir) (*Directory, error) {
	if err := root.Try("lock", layout.LockName); err != nil {
		return nil, err
	}
	begin := time.Now()
	since, was, pause := begin, "", firstPause
	for first := true; ; first = false {
		f, err := openFile(root.Root, layout.LockName, os.O_CREATE)
		if err == nil {
			return &Directory{f}, nil
		}
		if !errors.Is(err, filelock.ErrHeld) {
			return nil, err
		}
		if first || time.Since(since) > Patience {
			now := peek(root)
			if !first && now == was || time.Since(begin) > MostPatience {
				return nil, ErrBusy
			}
			was, since = now, time.Now()
		}
		<-time.After(pause)
		pause = min(2*pause, LongestPause)
	}
}

// peek returns the record of a lock that is held elsewhere.
func peek(root disk.Dir) string {
	f, err := root.Root.Open(layout.LockName)
	if err != nil {
		return "none" // as on Windows, where a lock excludes readers
	}
	defer f.Close()
	return record(f)
}

func record(f *os.File) string {
	raw := make([]byte, layout.RecordLength)
	n, _ := f.ReadAt(raw, 0)
	return string(raw[:n])
}

// Count returns the count, nil if there is none: the lock is new, or its last holder
// could not write one.
func (d *Directory) Count() *Count {
	was := record(d.file)
	if len(was) < layout.RecordLength {
		return nil
	}
	events, err := strconv.ParseUint(was[:8], 16, 31)
	bytes, bytesErr := strconv.ParseInt(was[8:23], 16, 64)
	c := Count{int(events), bytes}
	if err != nil || bytesErr != nil || c.String() != was {
		return nil
	}
	return &c
}

// SetCount writes the count for this holder and the next ones, before the directory
// grows: if the process is killed in between, the count is a bound still.
func (d *Directory) SetCount(c Count) error {
	if _, err := d.file.WriteAt([]byte(c.String()), 0); err != nil {
		return d.file.Truncate(0) // the disk is full: the next holder counts anew
	}
	return nil
}

// String returns the record of the count, with a checksum: earlier versions write
// something else to its place.
func (c Count) String() string {
	body := fmt.Sprintf("%08x%015x", c.Events, c.Bytes)
	return fmt.Sprintf("%s%08x\n", body, crc32.ChecksumIEEE([]byte(body)))
}

// Release unlocks the directory. The file of the lock stays.
func (d *Directory) Release() error { return d.file.Close() }
