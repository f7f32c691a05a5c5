package location

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// Former opens the directory that a private one is in, if it belongs to this user and is
// not sticky, as /tmp is, which may have very many files: then a store may have used it,
// before the modes of the volume were changed.
func (p Location) Former() (disk.Dir, bool) {
	if p.within == "" {
		return disk.Dir{}, false
	}
	root, err := os.OpenRoot(p.within)
	if err != nil {
		return disk.Dir{}, false
	}
	dir := disk.Dir{Root: root, Fault: p.Fault}
	if info, err := root.Stat("."); err != nil || !own(info, 0) || info.Mode()&fs.ModeSticky != 0 {
		dir.Close()
		return disk.Dir{}, false
	}
	return dir, true
}

// Move moves a directory of this user from the former place into the private one, in
// one step.
func (p Location) Move(former disk.Dir, name string) {
	if info, err := former.Stat(name); err == nil && info.IsDir() && own(info, 0) {
		_ = former.Rename(name, filepath.Join(filepath.Base(p.Dir), name)) // it stays where it is, and is tried again at the next start
	}
}
