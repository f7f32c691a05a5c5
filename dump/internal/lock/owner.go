package lock

import (
	"errors"
	"io/fs"
	"os"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
	"github.com/go-holmes/holmes/internal/filelock"
)

// An Owner makes or delivers events. It has a token, which no other owner ever
// has, and while it owns events it holds a lock of that name; each of its events
// has an empty file with the token in its name. So other processes see whether
// the owner of an event is alive. To take an event over is to rename that file,
// which succeeds for one process only.
//
// Its methods are called while the directory is locked.
type Owner struct {
	Token string
	lock  *os.File // nil while it owns nothing
}

// NewOwner returns an owner of nothing.
func NewOwner() Owner { return Owner{Token: layout.NewToken()} }

// Active reports whether the owner holds its lock.
func (o *Owner) Active() bool { return o.lock != nil }

// Claim takes the owner's lock, unless it has it.
func (o *Owner) Claim(root disk.Dir) error {
	name := layout.OwnerLock(o.Token)
	if o.lock != nil {
		if filelock.HasName(root.Root, name, o.lock) {
			return nil
		}
		_ = o.Drop() // the directory was removed
	}
	if err := root.Try("lock", name); err != nil {
		return err
	}
	f, err := openFile(root.Root, name, os.O_CREATE)
	if err != nil {
		return err
	}
	o.lock = f
	return nil
}

// Own makes the owner that of the event in dir, instead of the one with the token
// old, or of none if old is empty.
func (o *Owner) Own(dir disk.Dir, old string) error {
	switch old {
	case o.Token:
		return nil
	case "":
		return dir.Touch(layout.OwnerPrefix + o.Token)
	}
	return dir.Rename(layout.OwnerPrefix+old, layout.OwnerPrefix+o.Token)
}

// Release gives the lock up and removes its file.
func (o *Owner) Release(root disk.Dir) error {
	f := o.lock
	if f == nil {
		return nil
	}
	o.lock = nil
	return removeFile(root.Root, layout.OwnerLock(o.Token), f)
}

// Drop gives the lock up and leaves its file, which shows that there are events to
// adopt.
func (o *Owner) Drop() error {
	if o.lock == nil {
		return nil
	}
	err := o.lock.Close()
	o.lock = nil
	return err
}

// A Liveness tells live owners from dead ones. It is valid while the directory is
// locked.
type Liveness struct {
	root  disk.Dir
	known map[string]bool
}

// Liveness returns what is known of the owners in root.
func (o *Owner) Liveness(root disk.Dir) Liveness {
	return Liveness{root, map[string]bool{"": false, o.Token: true}}
}

// Alive reports whether a process has the token. An owner of which that cannot be
// found out counts as alive.
func (l Liveness) Alive(token string) bool {
	alive, ok := l.known[token]
	if !ok {
		f, err := openFile(l.root.Root, layout.OwnerLock(token), 0)
		alive = err != nil && !errors.Is(err, fs.ErrNotExist)
		if err == nil {
			_ = f.Close()
		}
		l.known[token] = alive
	}
	return alive
}
