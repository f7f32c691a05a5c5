package location

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
)

// own reports whether a file belongs to this user and others have none of the
// permissions. It is true on a system without owners and permission bits.
func own(info fs.FileInfo, permissions fs.FileMode) bool {
	uid, known := disk.UserID(info)
	return !known || uid == os.Geteuid() && info.Mode().Perm()&permissions == 0
}

// judge applies the rules to an opened directory, and mends the mode of a private one.
func (p Location) judge(root *os.Root, named fs.FileInfo) error {
	opened, err := root.Stat(".")
	if err != nil {
		return err
	}
	if !os.SameFile(named, opened) {
		return p.refuse("was exchanged while it was being opened", "find out who does that")
	}
	perm, denied, allowed := opened.Mode().Perm(), fs.FileMode(0o022), fs.FileMode(0)
	if p.within != "" {
		denied, allowed = 0o077, 0o700
	}
	uid, known := disk.UserID(opened)
	if own(opened, denied) && (!known || perm&allowed == allowed) {
		return nil
	}
	owner, modes := habits(root)
	switch {
	case uid != owner:
		return p.refuse(fmt.Sprintf("belongs to user %d, not to user %d", uid, os.Geteuid()),
			"give it to that user, or name another directory")
	case !modes:
		return nil
	case p.within == "":
		return p.refuse(fmt.Sprintf("has mode %04o, which lets others write", perm),
			"chmod go-w it, or name a subdirectory of it that does not exist")
	}
	if err := mend(root); err != nil {
		return p.refuse(fmt.Sprintf("has mode %04o, which lets others in (%v)", perm, err), "chmod 0700 it")
	}
	return nil
}

// habits returns whom the file system gives a new file of this user to, and whether
// it keeps the mode that was asked for: some have one owner and one mode for all, by
// their mount options. Where that cannot be found out, the answer is that of other
// file systems.
func habits(root *os.Root) (owner int, modes bool) {
	const asked = 0o600
	name := layout.ProbeName + "-" + layout.NewToken()
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, asked)
	if err != nil {
		return os.Geteuid(), true
	}
	info, err := f.Stat() // of the file itself: its name may be another's by now
	_ = errors.Join(f.Close(), root.Remove(name))
	if err != nil {
		return os.Geteuid(), true
	}
	owner, _ = disk.UserID(info)
	return owner, info.Mode().Perm()&^asked == 0
}

// mend takes from others what they may do in a directory, after a platform has changed
// the modes of a volume. It fails where the mode stays as it is.
func mend(root *os.Root) error {
	f, err := root.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Chmod(0o700); err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().Perm() != 0o700 {
		err = errors.New("it cannot be changed")
	}
	return err
}

func (p Location) refuse(wrong, remedy string) error {
	return fmt.Errorf("%w: %s %s: %s", ErrRefused, p.Dir, wrong, remedy)
}

// leadsTo is what to do about a link.
const leadsTo = "name the directory that it leads to"

func (p Location) refuseLink() error {
	return p.refuse("is a symbolic link that others could exchange", leadsTo)
}
