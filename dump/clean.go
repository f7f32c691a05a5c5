package dump

import (
	"io/fs"
	"os"
	"time"
)

// abandonedAfter is the age at which a lock without an event was left by a
// killed process, and does not belong to an event that is just being made.
const abandonedAfter = time.Minute

// clean removes what the killed owner of event id left: its lock, files that
// were never finished, and the event itself if it has no others. An event that
// is open is left alone, and so is one that cannot be cleaned; retention will
// see to it.
func clean(root *os.Root, id string) {
	if isBeingMade(root, id) {
		return
	}
	held, err := inheritLock(root, id)
	if err != nil {
		return
	}
	if cleanFiles(root, id) {
		_ = erase(root, id)
	}
	_ = held.drop(root)
}

// isBeingMade reports whether event id may be about to appear. To take its lock
// even for a moment would be to take the event from its owner: an event is
// locked before it is there, but the lock is there before it is locked.
func isBeingMade(root *os.Root, id string) bool {
	if _, err := root.Lstat(id); err == nil {
		return false
	}
	info, err := root.Lstat(lockName(id))
	return err != nil || time.Since(info.ModTime()).Abs() < abandonedAfter
}

// cleanFiles removes the unfinished files of event id and reports whether that
// were all there were.
func cleanFiles(root *os.Root, id string) (empty bool) {
	dir, err := root.OpenRoot(id)
	if err != nil {
		return false
	}
	defer closeQuietly(dir)
	files, err := fs.ReadDir(dir.FS(), ".")
	empty = err == nil
	for _, file := range files {
		if isTemp(file.Name()) {
			err = dir.Remove(file.Name())
		}
		empty = empty && isTemp(file.Name()) && err == nil
	}
	return empty
}
