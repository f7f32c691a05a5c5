package location

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-holmes/holmes/dump/internal/disk"
)

// maxLinks bounds the symbolic links of a path.
const maxLinks = 16

// follow returns where an absolute path leads if it is a symbolic link, such as systemd's
// to the state directory of a dynamic user, and else the path. It refuses a path with a
// link in it, or in what that leads to, that others than root and this user can have made
// or can exchange. On a system without owners it follows no link.
func follow(path string) (string, error) {
	root := filepath.VolumeName(path) + string(filepath.Separator)
	at, rest, links, last := root, path[len(root):], 0, false
	for rest != "" {
		var name string
		name, rest, _ = strings.Cut(rest, string(filepath.Separator))
		next := filepath.Join(at, name)
		info, err := os.Lstat(next)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		if _, known := disk.UserID(info); !known {
			return path, nil
		}
		if !trusted(info) || othersRename(at) {
			return "", Location{Dir: next}.refuseLink()
		}
		if links++; links > maxLinks {
			return "", Location{Dir: path}.refuse(fmt.Sprintf("leads through more than %d symbolic links", maxLinks), leadsTo)
		}
		to, err := os.Readlink(next)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(to) {
			at = root
		}
		last = last || rest == ""
		rest = to + string(filepath.Separator) + rest // not cleaned: ".." is of where a link leads
	}
	if last {
		return at, nil
	}
	return path, nil
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
