package location

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// maxLinks bounds a chain of symbolic links.
const maxLinks = 16

// follow returns where a symbolic link leads that only root or this user can have made,
// such as systemd's to the state directory of a dynamic user. It returns any other
// path as it is: [Location.Open] refuses a link.
func follow(path string) string {
	for range maxLinks {
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 || !trusted(info) {
			break
		}
		parent := filepath.Dir(path)
		to, err := os.Readlink(path)
		if err != nil || othersRename(parent) {
			break
		}
		if path = to; !filepath.IsAbs(to) {
			path = filepath.Join(parent, to)
		}
	}
	return path
}

// othersRename reports whether others can give files in a directory other names, and
// so put there a link that root or this user has made elsewhere.
func othersRename(dir string) bool {
	info, err := os.Stat(dir)
	return err != nil || !trusted(info) || info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
}

// trusted reports whether a file belongs to root or to this user.
func trusted(info fs.FileInfo) bool {
	uid, known := disk.UserID(info)
	return known && (uid == 0 || uid == os.Geteuid())
}
