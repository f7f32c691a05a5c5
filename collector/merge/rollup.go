package merge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rollups are files: <dir>/<series>/<level>-<seconds since 1970>. See rollfile.go.
type rollups struct {
	dir string

	loaded func() error // load, once

	mu      sync.Mutex
	files   map[string]rolledFile // by path within dir
	waiting backlog
	deleted int // how often profiles were deleted: what was read before may have them
}

// A rolledFile describes a roll-up without reading it.
type rolledFile struct {
	series series
	level  int
	at     time.Time
	prints uint64 // of the IDs in it
	size   int64
}

func openRollups(dir string) (*rollups, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	r := &rollups{dir: dir, files: map[string]rolledFile{}, waiting: backlog{}}
	r.loaded = sync.OnceValue(r.load)
	return r, nil
}

func (r *rollups) path(s series, level int, at time.Time) string {
	sum := sha256.Sum256([]byte(s.service + "\x00" + string(s.kind)))
	return filepath.Join(hex.EncodeToString(sum[:12]), strconv.Itoa(level)+"-"+strconv.FormatInt(at.Unix(), 10))
}

// partial ends the name of a file that is being written.
const partial = ".partial"

// remove removes a roll-up. Its readers go on reading.
func (r *rollups) remove(name string) error {
	r.mu.Lock()
	delete(r.files, name)
	r.mu.Unlock()
	err := os.Remove(filepath.Join(r.dir, name))
	_ = os.Remove(filepath.Join(r.dir, filepath.Dir(name))) // if it was the last one of its series
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// load finds the roll-ups that an earlier process has left, and removes all other
// files.
func (r *rollups) load() error {
	return filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(r.dir, path)
		if err != nil {
			return fmt.Errorf("holmes: merge: %w", err)
		}
		file, ok := known(path)
		if !ok || r.path(file.series, file.level, file.at) != name || strings.HasSuffix(name, partial) {
			return r.remove(name)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.files[name] = file
		return nil
	})
}

// known reads the head of a roll-up.
func known(path string) (file rolledFile, ok bool) {
	f, err := os.Open(path)
	if err != nil {
		return file, false
	}
	defer f.Close()
	h, err := readHead(f)
	if err != nil || h.Level < 0 || h.Level >= len(periods()) {
		return file, false
	}
	size := int64(0)
	if info, err := f.Stat(); err == nil {
		size = info.Size()
	}
	return rolledFile{series{h.Service, h.Kind}, h.Level, h.At, h.Prints, size}, true
}

// open opens a roll-up, nil if there is none that can be read.
func (r *rollups) open(s series, level int, at time.Time) *rollup {
	f, err := os.Open(filepath.Join(r.dir, r.path(s, level, at)))
	if err != nil {
		return nil
	}
	h, err := readHead(f)
	if err != nil || h.Service != s.service || h.Kind != s.kind || h.Level != level || !h.At.Equal(at) {
		_ = f.Close()
		return nil
	}
	return newRollup(f, h)
}

// begin begins a roll-up, which ends with finish or discard.
func (r *rollups) begin(h head) (*rollupWriter, error) {
	path := filepath.Join(r.dir, r.path(series{h.Service, h.Kind}, h.Level, h.At))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	f, err := os.OpenFile(path+partial, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	return newRollupWriter(f, h)
}

// finish puts a roll-up in place, whole, unless profiles were deleted since deleted was
// read: it may have them. It is not synced: after a crash its checksums tell that it is
// damaged, and it is made again.
func (r *rollups) finish(w *rollupWriter, deleted int) (placed bool, err error) {
	h := &w.head
	s := series{h.Service, h.Kind}
	name := r.path(s, h.Level, h.At)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.deleted != deleted {
		return false, nil
	}
	if err := os.Rename(w.file.Name(), filepath.Join(r.dir, name)); err != nil {
		return false, fmt.Errorf("holmes: merge: %w", err)
	}
	r.files[name] = rolledFile{s, h.Level, h.At, h.Prints, w.size}
	return true, nil
}
