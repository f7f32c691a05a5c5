package blackbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// An Orphan is what a process that is dead has left, and this one has taken
// over: nobody else gets it until [Orphan.Release], or until this process is
// dead too.
type Orphan struct {
	// Name is what the dead process called it, without suffix.
	Name string
	// Contents are those of the box; nil if there is none or Err says why it
	// cannot be read.
	Contents *Contents
	Err      error
	// Crash is the text that the runtime wrote as it ended the process, cut to
	// 64 KiB, and CrashSize its whole size. Empty if it did not come to that, or
	// nobody had called [OpenCrash].
	Crash     string
	CrashSize int64

	files []held
}

// held is a file of a dead process, locked.
type held struct {
	*os.File
	suffix string // of the file when its owner lived
	name   string // now
}

// Adopt takes over what dead processes have left in a directory, and returns
// the newest of them, at most limit, the oldest first. By age goes the order of
// their names. What is older than these is removed and counted in dropped, and
// so are files that nobody will miss: boxes that were closed, crash files
// without a crash, temporary ones. Of several processes that call it at once
// exactly one gets each orphan.
//
// An orphan comes with the files open. The caller ends each with
// [Orphan.Remove], once its news is in safety, or [Orphan.Release]. The error
// names what could not be looked at; there may be orphans beside it. A file
// system without locks is asked by process number, and where that says nothing
// after an hour of silence.
func Adopt(dir *os.Root, limit int) (adopted []*Orphan, dropped int, err error) {
	return adopter{dir: dir, lock: lockFile, now: time.Now()}.adopt(limit)
}

// An adopter is one call of Adopt.
type adopter struct {
	dir  *os.Root
	lock func(*os.File) error
	now  time.Time
}

func (a adopter) adopt(limit int) (adopted []*Orphan, dropped int, err error) {
	names, err := a.names()
	if err != nil {
		return nil, 0, fmt.Errorf("holmes: black box: adopt: %w", err)
	}
	for _, name := range slices.Backward(names) {
		o, taken := a.take(name)
		switch {
		case taken != nil:
			if !errors.Is(taken, errHeld) && !errors.Is(taken, fs.ErrNotExist) {
				err = errors.Join(err, fmt.Errorf("holmes: black box: adopt %s: %w", name, taken))
			}
		case o.dull():
			err = errors.Join(err, o.Remove(a.dir))
		case len(adopted) >= limit:
			dropped++
			err = errors.Join(err, o.Remove(a.dir))
		default:
			adopted = append(adopted, o)
		}
	}
	slices.Reverse(adopted)
	return adopted, dropped, err
}

// names returns what there is, sorted, without suffixes. Old temporary files
// are removed on the way.
func (a adopter) names() ([]string, error) {
	d, err := a.dir.Open(".")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		switch name, temp, ours := stemOf(e.Name()); {
		case ours && temp:
			a.clear(e)
		case ours:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// stemOf returns what the caller had named a file of ours.
func stemOf(name string) (stem string, temp, ours bool) {
	if hidden, ok := strings.CutPrefix(name, "."); ok {
		if name, temp = strings.CutSuffix(hidden, tempSuffix); !temp {
			name, temp = strings.CutSuffix(hidden, takenSuffix)
		}
		if !temp {
			return "", false, false
		}
	}
	if stem, ours = strings.CutSuffix(name, boxSuffix); !ours {
		stem, ours = strings.CutSuffix(name, crashSuffix)
	}
	return stem, temp, ours
}

// clear removes a temporary file whose process did not live to finish it.
func (a adopter) clear(e fs.DirEntry) {
	info, err := e.Info()
	if err != nil || a.now.Sub(info.ModTime()) < leftover {
		return
	}
	f, err := openRegular(a.dir, e.Name(), os.O_RDWR)
	if err != nil {
		return
	}
	defer f.Close()
	if a.lock(f) == nil || a.now.Sub(info.ModTime()) > stale {
		_ = a.dir.Remove(e.Name()) // the next one tries again
	}
}

// take locks and reads the files of a dead process. The box comes first with
// everybody, so nobody holds the one and waits for the other.
func (a adopter) take(name string) (*Orphan, error) {
	o := &Orphan{Name: name}
	for _, suffix := range []string{boxSuffix, crashSuffix} {
		err := o.hold(a, suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, o.Release(a.dir))
		}
	}
	if len(o.files) == 0 {
		return nil, fs.ErrNotExist // somebody was faster
	}
	return o, nil
}

// hold locks one file and reads it.
func (o *Orphan) hold(a adopter, suffix string) error {
	h := held{suffix: suffix, name: o.Name + suffix}
	var err error
	if h.File, err = openRegular(a.dir, h.name, os.O_RDWR); err != nil {
		return err
	}
	noLocks := false
	if err = a.lock(h.File); errors.Is(err, errNoLocks) {
		noLocks, err = true, nil
	}
	// What was locked may have been removed by its owner after it was opened.
	if err == nil && !bears(a.dir, h.name, h.File) {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = o.read(h)
	}
	if err == nil && noLocks {
		err = a.claim(o, &h)
	}
	if err != nil {
		return errors.Join(err, h.Close())
	}
	o.files = append(o.files, h)
	return nil
}

// read reads a file of either kind.
func (o *Orphan) read(h held) (err error) {
	if h.suffix == crashSuffix {
		o.Crash, o.CrashSize, err = readCrash(h.File)
		return err
	}
	o.Contents, o.Err = readFrom(h.File)
	return nil
}

// claim decides who has a file where locks do not: its owner, if it lives; else
// the one process that succeeds in renaming it.
func (a adopter) claim(o *Orphan, h *held) error {
	info, err := h.Stat()
	if err != nil {
		return err
	}
	silent := a.now.Sub(info.ModTime()) > stale
	judged := unknown
	switch {
	case h.suffix == crashSuffix && o.CrashSize > 0:
		judged = dead // this is written at the end
	case o.Contents != nil:
		var me Header
		me.identify()
		judged = o.Contents.judge(&me, lookUp)
	}
	if judged == alive || judged == unknown && !silent {
		return errHeld
	}
	taken := "." + h.name + takenSuffix
	if err := a.dir.Rename(h.name, taken); err != nil {
		return err
	}
	h.name = taken
	return nil
}

// dull reports whether there is nothing to tell.
func (o *Orphan) dull() bool {
	return o.CrashSize == 0 && o.Err == nil && (o.Contents == nil || o.Contents.Clean())
}

// Remove removes the files and gives them up. The directory is the one that
// was given to [Adopt], or the same opened again.
func (o *Orphan) Remove(dir *os.Root) error {
	var err error
	for _, f := range o.files {
		if bears(dir, f.name, f.File) {
			err = errors.Join(err, ignoreMissing(dir.Remove(f.name)))
		}
	}
	return o.end(err)
}

// Release gives the files up as they are: the next [Adopt] finds them.
func (o *Orphan) Release(dir *os.Root) error {
	var err error
	for _, f := range o.files {
		if name := o.Name + f.suffix; name != f.name {
			err = errors.Join(err, dir.Rename(f.name, name))
		}
	}
	return o.end(err)
}

// end closes the files, in this order: a lock that is free before its file has
// gone would be the next one's.
func (o *Orphan) end(err error) error {
	for _, f := range o.files {
		err = errors.Join(err, f.Close())
	}
	o.files = nil
	if err != nil {
		return fmt.Errorf("holmes: black box %s: %w", o.Name, err)
	}
	return nil
}
