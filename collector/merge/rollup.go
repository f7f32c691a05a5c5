package merge

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// minRolled is how many profiles are worth a roll-up.
const minRolled = 4

// rollups are files: <dir>/<series>/<level>-<seconds since 1970>. Each begins
// with magic, the length and the checksum of its head, and the head; profiles
// follow, gzipped, with checksums of their own.
type rollups struct {
	dir string

	loaded func() error // load, once

	mu    sync.Mutex
	files map[string]rolledFile // by path within dir
}

// A rolledFile describes a roll-up without reading it.
type rolledFile struct {
	series series
	level  int
	at     time.Time
	prints uint64 // of the IDs in it
	size   int64
}

const (
	magic    = "holmes rollup 2\n"
	maxHead  = 64 << 20
	headSize = len(magic) + 8
)

// A head describes a roll-up.
type head struct {
	Service string         `json:"service"`
	Kind    collector.Kind `json:"type"`
	Level   int            `json:"level"`
	At      time.Time      `json:"at"`
	// Prints is that of all IDs that were there, in groups or not.
	Prints uint64  `json:"prints"`
	Groups []group `json:"groups"`
}

// printOf is a fingerprint of one ID. Those of a set are added up, so that the
// order makes no difference.
func printOf(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.LittleEndian.Uint64(sum[:])
}

func openRollups(dir string) (*rollups, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("holmes: merge: %w", err)
	}
	r := &rollups{dir: dir, files: map[string]rolledFile{}}
	r.loaded = sync.OnceValue(r.load)
	return r, nil
}

func (r *rollups) path(s series, level int, at time.Time) string {
	sum := sha256.Sum256([]byte(s.service + "\x00" + string(s.kind)))
	return filepath.Join(hex.EncodeToString(sum[:12]), strconv.Itoa(level)+"-"+strconv.FormatInt(at.Unix(), 10))
}

// A rollup is an open file.
type rollup struct {
	*os.File
	groups []group
}

// section is the profile of a group.
func (r *rollup) section(g *group) *io.SectionReader {
	return io.NewSectionReader(r.File, g.from, g.Size)
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
	return &rollup{f, h.Groups}
}

var errRollup = errors.New("holmes: merge: a roll-up is damaged")

// readHead reads the head of a roll-up, and sees that all of it is there.
func readHead(f *os.File) (*head, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRollup, err)
	}
	begin := make([]byte, headSize)
	if _, err := io.ReadFull(f, begin); err != nil || !bytes.HasPrefix(begin, []byte(magic)) {
		return nil, errRollup
	}
	n := binary.LittleEndian.Uint32(begin[len(magic):])
	if n > maxHead || int64(n) > info.Size() {
		return nil, errRollup
	}
	raw := make([]byte, n)
	if _, err := io.ReadFull(f, raw); err != nil || crc32.ChecksumIEEE(raw) != binary.LittleEndian.Uint32(begin[len(magic)+4:]) {
		return nil, errRollup
	}
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, fmt.Errorf("%w: %w", errRollup, err)
	}
	at := int64(headSize) + int64(n)
	for i := range h.Groups {
		h.Groups[i].from = at
		at += h.Groups[i].Size
	}
	if at != info.Size() {
		return nil, errRollup
	}
	return &h, nil
}

// write puts a roll-up in place, whole. It is not synced: after a crash its
// checksums tell that it is damaged, and it is made again.
func (r *rollups) write(h *head, blobs [][]byte) error {
	raw, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	out := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(raw)))
	out = append(binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(raw)), raw...)
	for _, b := range blobs {
		out = append(out, b...)
	}
	s := series{h.Service, h.Kind}
	name := r.path(s, h.Level, h.At)
	path := filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	if err := os.WriteFile(path+partial, out, 0o600); err != nil {
		return errors.Join(fmt.Errorf("holmes: merge: %w", err), os.Remove(path+partial))
	}
	if err := os.Rename(path+partial, path); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[name] = rolledFile{s, h.Level, h.At, h.Prints, int64(len(out))}
	return nil
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
