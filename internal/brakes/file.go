package brakes

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/go-holmes/holmes/internal/filelock"
	"github.com/go-holmes/holmes/internal/jsonread"
)

const (
	folder    = "brakes" // in the dump path
	stateName = "state.json"
	tempName  = "state.tmp"
	lockName  = "lock"
	maxFile   = 16 << 20
	// form is the first line of the file, with the version and the checksum of the rest.
	form = "holmes brakes 1 %08x\n"

	lockTime, lockPause = time.Second, 10 * time.Millisecond
)

// A file is the state on disk, locked against other processes.
type file struct {
	state state
	dir   *os.Root
	lock  *os.File
}

// open locks and reads the file. A file that is missing, damaged or of another version
// has no reports.
func open(dir *os.Root) (*file, error) {
	lock, err := dir.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	f := &file{dir: dir, lock: lock}
	f.acquire()
	f.state = read(dir)
	return f, nil
}

// acquire waits for the lock. Without it two processes may forget a report of each other.
func (f *file) acquire() {
	for end := time.Now().Add(lockTime); errors.Is(filelock.Try(f.lock), filelock.ErrHeld) && time.Now().Before(end); {
		<-time.After(lockPause)
	}
}

func read(dir *os.Root) (s state) {
	in, err := dir.Open(stateName)
	if err != nil {
		return s
	}
	defer in.Close()
	raw, err := io.ReadAll(io.LimitReader(in, maxFile))
	if err != nil {
		return s
	}
	head, rest, _ := bytes.Cut(raw, []byte("\n"))
	if string(head)+"\n" != fmt.Sprintf(form, crc32.ChecksumIEEE(rest)) || jsonread.Unmarshal(rest, &s) != nil {
		return state{}
	}
	return s
}

// save replaces the file. It is not synced: after a power failure the checksum tells,
// and some reports are repeated.
func (f *file) save() error {
	raw, err := json.Marshal(&f.state)
	if err != nil {
		return err
	}
	out, err := f.dir.OpenFile(tempName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, form+"%s", crc32.ChecksumIEEE(raw), raw)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return f.dir.Rename(tempName, stateName)
}

// close gives the lock up.
func (f *file) close() { _ = f.lock.Close() }
