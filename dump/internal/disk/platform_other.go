//go:build !unix

package disk

import (
	"io/fs"
	"os"
)

// UserID returns the user that a file belongs to. It is false where files have
// no owner and no permission bits.
func UserID(fs.FileInfo) (uid int, ok bool) { return 0, false }

// syncDir makes the names in dir survive a loss of power. Windows does that by
// itself, and refuses to be asked.
func syncDir(*os.Root) error { return nil }
