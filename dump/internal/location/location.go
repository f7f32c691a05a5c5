// Package location decides which directories may hold evidence, and opens them.
package location

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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
	// inner is set for the private directory within a shared one. Its rules are
	// stricter, since another user may have made it first.
	inner bool
}

// Find returns the location for a path. It makes nothing.
func Find(path string) (Location, error) {
	if path == "" {
		return Location{}, errors.New("path is empty")
	}
	dir, err := filepath.Abs(path) // the host may change its directory later
	if err != nil {
		return Location{}, err
	}
	if runtime.GOOS == "darwin" && dir == "/tmp" {
		dir = "/private/tmp" // where the system's own link leads
	}
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Location{Dir: dir}, nil
	case err != nil:
		return Location{}, err
	case isShared(info):
		name := "holmes-" + strconv.Itoa(os.Geteuid())
		return Location{Dir: filepath.Join(dir, name), inner: true}, nil
	}
	return Location{Dir: dir}, nil
}

// isShared reports whether info is a directory that every user writes to, and in
// which no user can rename or remove the files of others.
func isShared(info fs.FileInfo) bool {
	return info.IsDir() && info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0
}

// Make opens the directory, and makes it if it does not exist.
func (p Location) Make() (disk.Dir, error) {
	root, err := p.Open()
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := (disk.Dir{Fault: p.Fault}).Try("mkdir", p.Dir); err != nil {
		return disk.Dir{}, err
	}
	if p.inner {
		// Its parents are not made: a /tmp with mode 0700 would break other programs.
		err = os.Mkdir(p.Dir, 0o700)
	} else {
		err = os.MkdirAll(p.Dir, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return disk.Dir{}, err
	}
	return p.Open()
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
		return disk.Dir{}, p.refuse("is a symbolic link", "name the directory that it leads to")
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

// judge applies the rules to an opened directory.
func (p Location) judge(root *os.Root, named fs.FileInfo) error {
	opened, err := root.Stat(".")
	if err != nil {
		return err
	}
	if !os.SameFile(named, opened) {
		return p.refuse("was exchanged while it was being opened", "find out who does that")
	}
	uid, ok := disk.UserID(opened)
	if !ok {
		return nil // a system without owners and permission bits
	}
	perm := opened.Mode().Perm()
	switch euid := os.Geteuid(); {
	case uid != euid:
		return p.refuse(fmt.Sprintf("belongs to user %d, not to user %d", uid, euid),
			"give it to that user, or name another directory")
	case p.inner && perm != 0o700:
		return p.refuse(fmt.Sprintf("has mode %04o, which lets others in", perm), "chmod 0700 it")
	case perm&0o022 != 0:
		return p.refuse(fmt.Sprintf("has mode %04o, which lets others write", perm),
			"chmod go-w it, or name a subdirectory of it that does not exist")
	}
	return nil
}

func (p Location) refuse(wrong, remedy string) error {
	return fmt.Errorf("%w: %s %s: %s", ErrRefused, p.Dir, wrong, remedy)
}
