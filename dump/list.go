package dump

import (
	"io/fs"
	"os"
)

// A listing is what in a directory is ours: ids, oldest first.
type listing struct {
	events []string // that are there
	gone   []string // whose removal was cut short
	locks  []string // that have a lock, open or left by a killed process
}

func list(root *os.Root) (listing, error) {
	entries, err := fs.ReadDir(root.FS(), ".") // sorted
	if err != nil {
		return listing{}, err
	}
	var found listing
	for _, entry := range entries {
		name := entry.Name()
		if id, ok := eventOf(name, lockSuffix); ok && entry.Type().IsRegular() {
			found.locks = append(found.locks, id)
		}
		if !entry.IsDir() {
			continue
		}
		if checkID(name) == nil {
			found.events = append(found.events, name)
		}
		if id, ok := eventOf(name, goneSuffix); ok {
			found.gone = append(found.gone, id)
		}
	}
	return found, nil
}
