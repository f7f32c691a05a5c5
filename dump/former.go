package dump

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/scan"
)

// takeIn moves the events that lie beside the private directory into it, but for those
// of live owners: a store wrote them there while no other user could, and then the
// mode of the directory was changed. What fails stays for the next [Open]. The private
// directory is locked.
func (s *Store) takeIn() {
	former, ok := s.location.Former()
	if !ok {
		return
	}
	defer former.Close()
	names, err := scan.List(former)
	if err != nil {
		return
	}
	alive := s.owner.Liveness(former).Alive
	for _, id := range names.Events {
		if ev, err := scan.One(former, id); err == nil && !alive(ev.Owner) {
			s.location.Move(former, id)
		}
	}
}

// OpenDir opens a directory beside the events, for callers that keep something else
// there, and makes it if it does not exist. It is as private as the store's, which does
// not change what is in it, and counts it if [Options.Beside] says so. The name of the root is the absolute path;
// the caller closes it.
func (s *Store) OpenDir(name string) (*os.Root, error) {
	dir, err := s.openDir(name)
	if err != nil {
		return nil, fmt.Errorf("holmes: dump: open %q: %w", s.Path(name), err)
	}
	return dir.Root, nil
}

func (s *Store) openDir(name string) (disk.Dir, error) {
	where := s.location.Below(name)
	dir, err := where.Open()
	if !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	root, err := s.location.Make()
	if err != nil {
		return disk.Dir{}, err
	}
	root.Close()
	if former, ok := s.location.Former(); ok {
		s.location.Move(former, name)
		former.Close()
	}
	return where.Make()
}
