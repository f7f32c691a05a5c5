package blackbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/filelock"
)

// An Orphan has the files of a dead process, which this one has taken over: no other
// process gets them until [Orphan.Release], or until this process is dead too.
type Orphan struct {
	// Name is the name that the dead process gave it, without suffix.
	Name string
	// Contents are those of the box; nil if there is none or Err says why it
	// cannot be read.
	Contents *Contents
	Err      error
	// Crash is the text that the runtime wrote as it ended the process, cut as the
	// claim says, and CrashSize its whole size. It is empty if the process did not
	// crash or had not called [OpenCrash].
	Crash     string
	CrashSize int64

	files []lockedFile
}

// A lockedFile is a file of a dead process.
type lockedFile struct {
	*os.File
	suffix string // of the name that its owner gave it
	name   string // now
}

// A Claim is what [Adopt] takes over.
type Claim struct {
	// Service is the label "service" of the caller, empty for the boxes of any service.
	Service string
	// Runs is how many dead processes are returned at most.
	Runs int
	// Bytes bounds the files of all of them but the newest, and Crash the text of each
	// crash, at most 64 KiB; 0 is no bound.
	Bytes, Crash int64
}

// Adopt takes over the files of dead processes in a directory, and returns the newest
// of them, as many as the claim allows, the oldest first. The order of names is the order of age.
// Older ones are removed and counted in dropped, with those that their own headers
// count as [Header.Earlier]. Boxes that were closed, crash files
// without a crash and temporary files are removed as well. Of several processes that
// call it at once exactly one gets each orphan.
//
// The boxes of other services are left to them. One that has not been written for a day
// is removed. A box without the label "service" is taken by any service.
//
// The files of an orphan are open. The caller ends each with [Orphan.Remove], once its
// contents are stored, or with [Orphan.Release]. The error names the files that could
// not be read; there may be orphans beside it. On a file system without locks the
// process number tells whether an owner is alive, or else an hour without a write.
func Adopt(dir *os.Root, c Claim) (adopted []*Orphan, dropped uint64, err error) {
	return adoption{Claim: c, dir: dir, lock: filelock.Try, now: time.Now()}.adopt()
}

// foreignMaxAge is how long the box of another service is kept for it.
const foreignMaxAge = 24 * time.Hour

// An adoption is one call of Adopt.
type adoption struct {
	Claim
	dir  *os.Root
	lock func(*os.File) error
	now  time.Time
}

// foreign reports whether an orphan is of another service.
func (a adoption) foreign(o *Orphan) bool {
	service := o.Labels()["service"]
	return a.Service != "" && service != "" && service != a.Service
}

func (a adoption) adopt() (adopted []*Orphan, dropped uint64, err error) {
	names, err := a.names()
	if err != nil {
		return nil, 0, fmt.Errorf("holmes: black box: recover orphans: %w", err)
	}
	bytes := int64(0)
	slices.Reverse(names)
	for _, name := range names {
		o, taken := a.lockOrphan(name)
		switch {
		case taken != nil:
			if !errors.Is(taken, filelock.ErrHeld) && !errors.Is(taken, fs.ErrNotExist) {
				err = errors.Join(err, fmt.Errorf("holmes: black box: recover orphan %s: %w", name, taken))
			}
		case o.empty(), a.foreign(o):
			err = errors.Join(err, o.Remove(a.dir))
		case len(adopted) >= a.Runs, len(adopted) > 0 && a.Bytes > 0 && bytes+o.size() > a.Bytes:
			dropped += 1 + o.Earlier()
			err = errors.Join(err, o.Remove(a.dir))
		default:
			adopted = append(adopted, o)
			bytes += o.size()
		}
	}
	slices.Reverse(adopted)
	return adopted, dropped, err
}

// names returns the names in the directory, sorted, without suffixes. It removes old
// temporary files.
func (a adoption) names() ([]string, error) {
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
			a.removeTemp(e)
		case ours:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// stemOf returns the name that the caller gave to a file of this package.
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

// removeTemp removes a temporary file whose process died before it was complete.
func (a adoption) removeTemp(e fs.DirEntry) {
	info, err := e.Info()
	if err != nil || a.now.Sub(info.ModTime()) < tempMaxAge {
		return
	}
	f, err := openRegular(a.dir, e.Name(), os.O_RDWR)
	if err != nil {
		return
	}
	defer f.Close()
	if a.lock(f) == nil || a.now.Sub(info.ModTime()) > maxSilence {
		_ = a.dir.Remove(e.Name()) // the next Adopt tries again
	}
}

// lockOrphan locks and reads the files of a dead process. Every process locks the box
// first, so no two hold one file each.
func (a adoption) lockOrphan(name string) (*Orphan, error) {
	o := &Orphan{Name: name}
	for _, suffix := range []string{boxSuffix, crashSuffix} {
		err := o.lockFile(a, suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.Join(err, o.Release(a.dir))
		}
	}
	if len(o.files) == 0 {
		return nil, fs.ErrNotExist // another process was faster
	}
	return o, nil
}

// lockFile locks one file and reads it.
func (o *Orphan) lockFile(a adoption, suffix string) error {
	h := lockedFile{suffix: suffix, name: o.Name + suffix}
	var err error
	if h.File, err = openRegular(a.dir, h.name, os.O_RDWR); err != nil {
		return err
	}
	noLocks := false
	if err = a.lock(h.File); errors.Is(err, filelock.ErrNoLocks) {
		noLocks, err = true, nil
	}
	// The owner may have removed the file after it was opened here.
	if err == nil && !filelock.HasName(a.dir, h.name, h.File) {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = o.read(h, a.maxCrash())
	}
	if err == nil && a.foreign(o) && !o.Contents.Clean() && a.now.Sub(o.Contents.lastAt()) < foreignMaxAge {
		err = filelock.ErrHeld // as if it were
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

// maxCrash is how much of a crash's text is kept.
func (a adoption) maxCrash() int64 {
	if a.Crash > 0 {
		return min(maxCrash, a.Crash)
	}
	return maxCrash
}

// read reads a file of either kind.
func (o *Orphan) read(h lockedFile, most int64) (err error) {
	if h.suffix == crashSuffix {
		if o.Crash, o.CrashSize, err = readCrash(h.File, most); err == nil && o.CrashSize > most {
			err = h.Truncate(most) // the rest is not read, and may be as large as all stacks
		}
		return err
	}
	o.Contents, o.Err = readFrom(h.File)
	return nil
}

// claim takes a file over without a lock, unless its owner is alive: the file is that
// of the one process that succeeds in renaming it.
func (a adoption) claim(o *Orphan, h *lockedFile) error {
	info, err := h.Stat()
	if err != nil {
		return err
	}
	silent := a.now.Sub(info.ModTime()) > maxSilence
	owner := unknown
	switch {
	case h.suffix == crashSuffix && o.CrashSize > 0:
		owner = dead // a crash is written at the end
	case o.Contents != nil:
		var me Header
		me.identify()
		owner = o.Contents.judge(&me, findProcess)
	}
	if owner == alive || owner == unknown && !silent {
		return filelock.ErrHeld
	}
	taken := "." + h.name + takenSuffix
	if err := a.dir.Rename(h.name, taken); err != nil {
		return err
	}
	h.name = taken
	return nil
}

// Earlier returns how many older runs were dropped unreported before this one.
func (o *Orphan) Earlier() uint64 {
	if o.Contents == nil {
		return 0
	}
	return o.Contents.Earlier
}

// size returns the bytes of its files.
func (o *Orphan) size() (bytes int64) {
	for _, f := range o.files {
		if info, err := f.Stat(); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// Labels returns what the dead process is called, nil if that is unknown.
func (o *Orphan) Labels() map[string]string {
	if o.Contents == nil {
		return nil
	}
	return o.Contents.Labels
}

// empty reports whether there is nothing to report.
func (o *Orphan) empty() bool {
	return o.CrashSize == 0 && o.Err == nil && (o.Contents == nil || o.Contents.Clean())
}

// Remove removes the files and gives them up. The directory is that of [Adopt], which
// may have been opened again.
func (o *Orphan) Remove(dir *os.Root) error {
	var err error
	for _, f := range o.files {
		if filelock.HasName(dir, f.name, f.File) {
			err = errors.Join(err, filelock.IgnoreMissing(dir.Remove(f.name)))
		}
	}
	return o.end(err)
}

// Release gives the files up unchanged: the next [Adopt] finds them.
func (o *Orphan) Release(dir *os.Root) error {
	var err error
	for _, f := range o.files {
		if name := o.Name + f.suffix; name != f.name {
			err = errors.Join(err, dir.Rename(f.name, name))
		}
	}
	return o.end(err)
}

// end closes the files after they were removed: a lock that is free before its file
// is gone could be taken by another process.
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
