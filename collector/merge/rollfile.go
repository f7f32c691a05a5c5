package merge

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A roll-up's file begins with magic. The groups follow, each its members and its
// profile, gzipped, with checksums of their own; then the head, its length and its
// checksum. So it is written as it is made.
//
// Earlier versions have written the head first, with the members in it. Such a file may
// be all that is left of its profiles, and is read for ever.
const (
	magic    = "holmes rollup 3\n"
	oldMagic = "holmes rollup 2\n"
	maxHead  = 64 << 20
	tailSize = 8
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

// A rollup is an open file.
type rollup struct {
	*os.File
	groups  []group
	byFirst map[string]int // groups by the ID of their first member
}

func newRollup(f *os.File, h *head) *rollup {
	byFirst := make(map[string]int, len(h.Groups))
	for i := range h.Groups {
		byFirst[h.Groups[i].First] = i
	}
	return &rollup{f, h.Groups, byFirst}
}

// section is the profile of a group.
func (r *rollup) section(g *group) *io.SectionReader {
	return io.NewSectionReader(r.File, g.from+g.Members, g.Size)
}

// members reads those of a group, and reports whether they are as they were written.
func (r *rollup) members(g *group) (m *members, whole bool) {
	if g.old != nil {
		return g.old, true
	}
	raw := make([]byte, g.Members) // which the size of the file bounds
	if _, err := r.ReadAt(raw, g.from); err != nil || crc32.ChecksumIEEE(raw) != g.Sum {
		return nil, false
	}
	m, err := readMembers(bytes.NewReader(raw), g.Count)
	return m, err == nil
}

var errRollup = errors.New("holmes: merge: a roll-up is damaged")

// readHead reads the head of a roll-up, and sees that all of it is there.
func readHead(f *os.File) (*head, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRollup, err)
	}
	var begin [len(magic) + tailSize]byte
	if n, _ := f.ReadAt(begin[:], 0); n < len(begin) {
		return nil, errRollup
	}
	tail, at, from := begin[len(magic):], int64(len(begin)), int64(len(magic))
	old := bytes.HasPrefix(begin[:], []byte(oldMagic))
	if !old {
		if !bytes.HasPrefix(begin[:], []byte(magic)) {
			return nil, errRollup
		}
		tail = make([]byte, tailSize)
		if _, err := f.ReadAt(tail, info.Size()-tailSize); err != nil {
			return nil, fmt.Errorf("%w: %w", errRollup, err)
		}
	}
	n := int64(binary.LittleEndian.Uint32(tail))
	end := info.Size() // of the groups
	if old {
		from += tailSize + n
	} else {
		end -= tailSize + n
		at = end
	}
	if n > maxHead || n > info.Size() || end < from {
		return nil, errRollup
	}
	raw := make([]byte, n)
	if _, err := f.ReadAt(raw, at); err != nil || crc32.ChecksumIEEE(raw) != binary.LittleEndian.Uint32(tail[4:]) {
		return nil, errRollup
	}
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		return nil, fmt.Errorf("%w: %w", errRollup, err)
	}
	for i := range h.Groups {
		g := &h.Groups[i]
		if old {
			g.modernize()
		}
		if g.Count < 0 || g.Members < 0 || g.Size < 0 || g.Members > end || g.Size > end {
			return nil, errRollup
		}
		g.from = from
		from += g.Members + g.Size
	}
	if from != end {
		return nil, errRollup
	}
	return &h, nil
}

// A group is the sum of some of the profiles of a roll-up.
type group struct {
	// Count is how many members it has, and First the ID of the first.
	Count int    `json:"count"`
	First string `json:"first"`
	// Members is how many bytes they take in the file, and Sum the checksum of these.
	Members int64  `json:"members"`
	Sum     uint32 `json:"sum"`
	Size    int64  `json:"size"` // of the profile
	// With counts the profiles that have values of a type, Below tells the types
	// with a value below zero.
	With  map[string]int  `json:"with"`
	Below map[string]bool `json:"below,omitempty"`
	// Damaged are the profiles that could not be read.
	Damaged []string `json:"damaged,omitempty"`
	// Bare says that the labels of samples were dropped.
	Bare bool `json:"bare,omitempty"`

	// Members as earlier versions have written them.
	IDs      []string    `json:"ids,omitempty"`
	Profiles []described `json:"profiles,omitempty"`
	Facts    []facts     `json:"facts,omitempty"`
	old      *members

	from int64 // where it is in the file
}

// modernize completes a group of an earlier version.
func (g *group) modernize() {
	g.old = &members{ids: g.IDs, profiles: g.Profiles, facts: g.Facts}
	g.Members, g.Count = 0, len(g.IDs)
	if g.Count > 0 {
		g.First = g.IDs[0]
	}
	g.IDs, g.Profiles, g.Facts = nil, nil, nil
}

// A rollupWriter writes a roll-up.
type rollupWriter struct {
	file *os.File
	out  *bufio.Writer
	size int64
	head head
	zip  *gzip.Writer // of members; nil before the first group
}

func newRollupWriter(f *os.File, h head) (*rollupWriter, error) {
	w := &rollupWriter{file: f, out: bufio.NewWriterSize(f, 256<<10), head: h}
	_, err := w.Write([]byte(magic))
	return w, err
}

// Write implements [io.Writer].
func (w *rollupWriter) Write(p []byte) (int, error) {
	n, err := w.out.Write(p)
	if w.size += int64(n); err != nil {
		return n, fmt.Errorf("holmes: merge: %w", err)
	}
	return n, nil
}

// add adds a group, whose sizes are those of its members and its profile.
func (w *rollupWriter) add(g *group, members, profile []byte) error {
	g.Members, g.Sum, g.Size = int64(len(members)), crc32.ChecksumIEEE(members), int64(len(profile))
	w.head.Groups = append(w.head.Groups, *g)
	if _, err := w.Write(members); err != nil {
		return err
	}
	_, err := w.Write(profile)
	return err
}

// end writes the head, and closes the file.
func (w *rollupWriter) end() error {
	raw, err := json.Marshal(&w.head)
	if err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	tail := binary.LittleEndian.AppendUint32(nil, uint32(len(raw)))
	tail = binary.LittleEndian.AppendUint32(tail, crc32.ChecksumIEEE(raw))
	for _, part := range [][]byte{raw, tail} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	if err := errors.Join(w.out.Flush(), w.file.Close()); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	return nil
}

// discard removes what was written, unless it is in place.
func (w *rollupWriter) discard() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}
