package reporters

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
)

// File is a [holmes.Reporter] that copies whole events into a directory. It is
// safe for concurrent use, by several processes too.
type File struct {
	dir string
}

// NewFile returns a reporter that copies each event into a directory of its
// own, dir/<event id>, which has the files of the original: event.json, the
// profiles, and summary.txt if the event has one. Nothing is ever removed; see
// [holmes.WithDumpPath] for the store that keeps a budget.
//
// Dir is taken relative to the working directory of now. It is made when the
// first event comes; one that exists is held to the rules of package dump: where
// other users own it or can write to it, as in /tmp, the private subdirectory
// holmes-<user id> is used. Directories of events have mode 0700, files 0600.
//
// An event appears whole or not at all, also when the process or the machine
// dies: it is built under a hidden name, synced, and renamed. One that is there
// already is left as it is.
func NewFile(dir string) (*File, error) {
	if dir == "" {
		return nil, errors.New("holmes: file reporter: the directory is empty")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("holmes: file reporter: %w", err)
	}
	return &File{abs}, nil
}

// Name is "file:" and the directory.
func (f *File) Name() string { return "file:" + f.dir }

// Report copies an event. It stops at the next buffer when ctx is done, and
// leaves nothing behind unless it succeeds.
func (f *File) Report(ctx context.Context, e *holmes.Event) error {
	b, err := openBundle(e)
	if err != nil {
		return err
	}
	defer b.close()
	if err := f.store(ctx, b, e.Dir); err != nil {
		return fmt.Errorf("holmes: file reporter: %s: %w", f.dir, err)
	}
	return nil
}

func (f *File) store(ctx context.Context, b *bundle, original string) error {
	root, err := dump.OpenDir(f.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	d := delivery{root: root, id: b.id, original: original}
	if !d.whole() {
		if err := d.write(ctx, b); err != nil && !d.whole() { // another may have been faster
			return err
		}
	}
	d.sweep()
	return syncDir(root) // also for an earlier attempt that ended before it
}
