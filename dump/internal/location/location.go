// Package location decides which directories may hold evidence, and opens them.
package location

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// ErrRefused is returned for a directory that breaks the rules.
var ErrRefused = errors.New("directory refused")

// A Location is the directory that a store uses. It is checked each time it is
// opened and no descriptor is kept in between, so a directory that was removed
// and made again is used, and one that was exchanged is not.
type Location struct {
	Dir string
	// Fault makes operations fail, see [disk.Dir].
	Fault func(op, name string) error
	// within is the directory that Dir is the private one in, "" if Dir itself was
	// named. The rules of a private one are stricter, since another user may have
	// made it first, and its mode is mended, since nothing else uses it.
	within string
}

// Find returns the location for a path, and makes the directory of that path if it
// does not exist. With private, it is a private directory there in any case.
func Find(path string, private bool, fault func(op, name string) error) (Location, error) {
	if path == "" {
		return Location{}, errors.New("path is empty")
	}
	dir, err := filepath.Abs(path) // the host may change its directory later
	if err != nil {
		return Location{}, err
	}
	if dir, err = follow(dir); err != nil {
		return Location{}, err
	}
	p := Location{Dir: dir, Fault: fault}
	info, err := os.Lstat(p.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err = p.mkdir(); err == nil {
			info, err = os.Lstat(p.Dir) // the file system may have a mode of its own for it
		}
	}
	if err != nil {
		return Location{}, err
	}
	uid := os.Geteuid()
	inner := p.Below("holmes-" + strconv.Itoa(uid))
	if info.IsDir() && uid >= 0 && (private || !own(info, 0o022) || inner.exists()) {
		return inner, nil
	}
	return p, nil
}

// Below returns the location of a private directory in this one.
func (p Location) Below(name string) Location {
	return Location{Dir: filepath.Join(p.Dir, name), Fault: p.Fault, within: p.Dir}
}

// exists reports whether the directory is there and belongs to this user.
func (p Location) exists() bool {
	info, err := os.Lstat(p.Dir)
	return err == nil && info.IsDir() && own(info, 0)
}

// Make opens the directory, and makes it if it does not exist.
func (p Location) Make() (disk.Dir, error) {
	root, err := p.Open()
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := p.mkdir(); err != nil {
		return disk.Dir{}, err
	}
	return p.Open()
}

func (p Location) mkdir() error {
	if err := (disk.Dir{Fault: p.Fault}).Try("mkdir", p.Dir); err != nil {
		return err
	}
	if p.within == "" {
		return os.MkdirAll(p.Dir, 0o700)
	}
	// Its parents are not made: a /tmp with mode 0700 would break other programs.
	err := os.Mkdir(p.Dir, 0o700)
	if errors.Is(err, fs.ErrPermission) {
		if info, stat := os.Lstat(p.within); stat == nil {
			uid, _ := disk.UserID(info)
			return fmt.Errorf("%w: %s belongs to user %d and has mode %04o: %w: give it to user %d, or name another directory",
				ErrRefused, p.within, uid, info.Mode().Perm(), err, os.Geteuid())
		}
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Open opens the directory, or says why it is refused. The rules are applied to
// the directory that was opened, not to one that gets its name a moment later.
func (p Location) Open() (disk.Dir, error) {
	if err := (disk.Dir{Fault: p.Fault}).Try("opendir", p.Dir); err != nil {
		return disk.Dir{}, err
	}
	named, err := os.Lstat(p.Dir)
	if err != nil {
		return disk.Dir{}, err
	}
	switch {
	case named.Mode()&fs.ModeSymlink != 0:
		return disk.Dir{}, p.refuseLink()
	case !named.IsDir():
		return disk.Dir{}, p.refuse("is not a directory", "name a directory, or a path that does not exist")
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return disk.Dir{}, err
	}
	dir := disk.Dir{Root: root, Fault: p.Fault}
	if err := p.judge(root, named); err != nil {
		dir.Close()
		return disk.Dir{}, err
	}
	return dir, nil
}
