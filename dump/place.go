package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// A place is the directory that a store uses. It is checked anew each time it
// is opened, and no descriptor is kept in between, so a directory that was
// removed and made again is picked up, and one that was swapped is not.
type place struct {
	dir string
	// inner is set for the private directory within a shared one. It is held
	// to stricter rules, as anybody could have made it before us.
	inner bool
	fault func(op, name string) error
}

// OpenDir opens the directory at path by the rules of the package comment,
// making it if need be, for those who keep events elsewhere and in another way.
// It fails with [ErrRefused] where Open would. The name of the root is the
// absolute path; the caller closes it.
func OpenDir(path string) (*os.Root, error) {
	where, err := locate(path)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", path, err)
	}
	dir, err := where.make()
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", path, err)
	}
	return dir.root, nil
}

// locate returns the place that path stands for. Nothing is made yet.
func locate(path string) (place, error) {
	if path == "" {
		return place{}, errors.New("path is empty")
	}
	dir, err := filepath.Abs(path) // the host may change its directory later
	if err != nil {
		return place{}, err
	}
	if runtime.GOOS == "darwin" && dir == "/tmp" {
		dir = "/private/tmp" // where the system's own link leads
	}
	info, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return place{dir: dir}, nil
	case err != nil:
		return place{}, err
	case isShared(info):
		name := "holmes-" + strconv.Itoa(os.Geteuid())
		return place{dir: filepath.Join(dir, name), inner: true}, nil
	}
	return place{dir: dir}, nil
}

// isShared reports whether info is a directory for everybody's use, in which
// nobody can rename or remove what belongs to others.
func isShared(info fs.FileInfo) bool {
	return info.IsDir() && info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&0o002 != 0
}

// make opens the place after making it if need be.
func (p place) make() (folder, error) {
	root, err := p.open()
	if !errors.Is(err, fs.ErrNotExist) {
		return root, err
	}
	if err := (folder{fault: p.fault}).try("mkdir", p.dir); err != nil {
		return folder{}, err
	}
	if p.inner {
		// Not its parents: a /tmp of our own would be wrong for all others.
		err = os.Mkdir(p.dir, 0o700)
	} else {
		err = os.MkdirAll(p.dir, 0o700)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return folder{}, err
	}
	return p.open()
}

// open opens the place, or says why it is refused. What is judged is the
// directory that was opened, not whatever bears its name a moment later.
func (p place) open() (folder, error) {
	if err := (folder{fault: p.fault}).try("opendir", p.dir); err != nil {
		return folder{}, err
	}
	named, err := os.Lstat(p.dir)
	if err != nil {
		return folder{}, err
	}
	switch {
	case named.Mode()&fs.ModeSymlink != 0:
		return folder{}, p.refuse("is a symbolic link", "name the directory that it leads to")
	case !named.IsDir():
		return folder{}, p.refuse("is not a directory", "name a directory, or a path that does not exist")
	}
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		return folder{}, err
	}
	dir := folder{root, p.fault}
	if err := p.judge(root, named); err != nil {
		dir.close()
		return folder{}, err
	}
	return dir, nil
}

// judge applies the rules to an opened directory.
func (p place) judge(root *os.Root, named fs.FileInfo) error {
	opened, err := root.Stat(".")
	if err != nil {
		return err
	}
	if !os.SameFile(named, opened) {
		return p.refuse("was exchanged while it was being opened", "find out who does that")
	}
	uid, ok := owner(opened)
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

func (p place) refuse(wrong, remedy string) error {
	return fmt.Errorf("%w: %s %s: %s", ErrRefused, p.dir, wrong, remedy)
}
