package reporters

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// A delivery is one event on its way into a directory. All is done below an
// [os.Root], and files are made where nothing was, so that a symbolic link put
// there by another user leads nowhere.
type delivery struct {
	root     *os.Root
	id       string
	original string // the event's own directory, "" when it has none
}

// whole reports whether the event is there. It gets its name when it is whole,
// so one look is enough; event.json tells it from something of that name that
// is not ours.
func (d *delivery) whole() bool {
	dir, err := d.root.Lstat(d.id)
	if err != nil || !dir.IsDir() {
		return false
	}
	file, err := d.root.Lstat(filepath.Join(d.id, eventFile))
	return err == nil && file.Mode().IsRegular()
}

const partialSuffix = ".partial"

// sweep removes what attempts that died have left of an event that is there. It
// may take the directory from one that is still going on; that one finds the
// event there too.
func (d *delivery) sweep() {
	names, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return
	}
	for _, entry := range names {
		name := entry.Name()
		if strings.HasPrefix(name, "."+d.id+".") && strings.HasSuffix(name, partialSuffix) {
			_ = d.root.RemoveAll(name)
		}
	}
}

// write builds the event under a unique name, and renames it.
func (d *delivery) write(ctx context.Context, b *bundle) (err error) {
	partial := "." + d.id + "." + rand.Text() + partialSuffix
	if err := d.root.Mkdir(partial, 0o700); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = d.root.RemoveAll(partial)
		}
	}()
	if err := d.fill(ctx, partial, b); err != nil {
		return err
	}
	return d.root.Rename(partial, d.id)
}

// fill writes the event's files into the directory partial.
func (d *delivery) fill(ctx context.Context, partial string, b *bundle) error {
	dir, err := d.root.OpenRoot(partial)
	if err != nil {
		return err
	}
	defer dir.Close()
	for _, p := range b.profiles {
		if err := copyFile(ctx, dir, p.name, p); err != nil {
			return err
		}
	}
	if err := d.summary(ctx, dir); err != nil {
		return err
	}
	if err := copyFile(ctx, dir, eventFile, bytes.NewReader(b.event)); err != nil {
		return err
	}
	return syncDir(dir)
}

// summary copies summary.txt, where there is one.
func (d *delivery) summary(ctx context.Context, dir *os.Root) error {
	if d.original == "" {
		return nil
	}
	from, err := os.Open(filepath.Join(d.original, summaryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	return copyFile(ctx, dir, summaryFile, from)
}

// copyFile makes a file in dir and syncs it.
func copyFile(ctx context.Context, dir *os.Root, name string, from io.Reader) (err error) {
	to, err := dir.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if _, err := io.Copy(to, contextReader{ctx, from}); err != nil {
		return err
	}
	return to.Sync()
}

// A contextReader reads until its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// syncDir makes the names in dir survive a loss of power, where the system has
// a way to ask for it.
func syncDir(dir *os.Root) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // names are safe there in another way
	}
	return err
}
