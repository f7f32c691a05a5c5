// Package checksum holds the checksums of an event's files, and finds the files
// that differ from them.
package checksum

import (
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/dump/internal/disk"
	"github.com/go-holmes/holmes/dump/internal/layout"
)

// ErrDamaged is wrapped by every error about a file that is not what was
// written.
var ErrDamaged = errors.New("event is damaged")

// Room is the number of bytes that are reserved for the last line while an event
// is open, so that an exhausted budget leaves no event open.
const Room = 256

// A Sum is the checksum of one file, as it was written.
type Sum struct {
	Name string
	Size int64
	CRC  uint32
}

// A Seal is what the last line of a closed event says of the event.
type Seal struct {
	Series string
	Height float64
	Kind   string
}

// A List is the content of a file of checksums: a line for each file in the
// order of writing, and for a closed event a last line with its seal. Every line
// ends with a checksum of itself.
//
//	1a2b3c4d 18342 heap.pb.gz 5e6f7a8b
//	sealed 6 88.2 "mem" "mem abs" 9c0d1e2f
type List struct {
	Seal  Seal
	files []Sum
	whole bool // the last line is there, and nothing follows it
	size  int  // bytes of all valid lines
}

// New returns the hash that the checksum of a file is made with.
func New() hash.Hash32 { return crc32.New(table()) }

func table() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func signed(body string) string {
	return fmt.Sprintf("%s %08x\n", body, crc32.Checksum([]byte(body), table()))
}

// Line returns the line of the file in the list.
func (s Sum) Line() string { return signed(fmt.Sprintf("%08x %d %s", s.CRC, s.Size, s.Name)) }

// Line returns the last line of a list of so many files. A file that was replaced
// counts twice.
func (c *Seal) Line(files int) string {
	cut := func(s string) string { return s[:min(len(s), 48)] } // quoted: at most four times as long
	line := signed(fmt.Sprintf("sealed %d %g %q %q", files, c.Height, cut(c.Series), cut(c.Kind)))
	if len(line) > Room {
		line = signed(fmt.Sprintf("sealed %d %g %q %q", files, c.Height, "", ""))
	}
	return line
}

// parse reads a list. Its error is about a line that was once whole; the torn end
// that a killed process leaves is no error.
func parse(raw []byte) (l List, err error) {
	for {
		line, rest, ok := bytes.Cut(raw, []byte("\n"))
		if !ok {
			return l, nil
		}
		if l.whole {
			return l, errors.New("something follows the last line of the checksums")
		}
		if err := l.add(string(line)); err != nil {
			return l, err
		}
		l.size += len(line) + 1
		raw = rest
	}
}

func (l *List) add(line string) error {
	wrong := fmt.Errorf("line %d of the checksums is not what was written", len(l.files)+1)
	end := strings.LastIndexByte(line, ' ')
	if end < 0 || signed(line[:end]) != line+"\n" {
		return wrong
	}
	words := strings.SplitN(line[:end], " ", 3)
	if len(words) < 3 {
		return wrong
	}
	if words[0] == "sealed" {
		files, err := strconv.Atoi(words[1])
		if err != nil || files != len(l.files) || l.Seal.parse(words[2]) != nil {
			return wrong
		}
		l.whole = true
		return nil
	}
	crc, err := strconv.ParseUint(words[0], 16, 32)
	size, sizeErr := strconv.ParseInt(words[1], 10, 64)
	if err != nil || sizeErr != nil || layout.CheckName(words[2]) != nil {
		return wrong
	}
	l.files = append(l.files, Sum{words[2], size, uint32(crc)})
	return nil
}

// parse reads what Line wrote behind the number of files.
func (c *Seal) parse(s string) (err error) {
	height, rest, _ := strings.Cut(s, " ")
	if c.Height, err = strconv.ParseFloat(height, 64); err != nil {
		return err
	}
	series, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return err
	}
	kind := strings.TrimPrefix(rest[len(series):], " ")
	if c.Series, err = strconv.Unquote(series); err != nil {
		return err
	}
	c.Kind, err = strconv.Unquote(kind)
	return err
}

// Read returns the checksums of the event in dir. The list of a closed event must
// be whole; another one may be torn or missing.
func Read(dir disk.Dir) (List, error) {
	raw, err := dir.Read(layout.SealName)
	if err == nil {
		l, err := parse(raw)
		if err == nil && (!l.whole || l.size != len(raw)) {
			err = errors.New("the checksums are cut off")
		}
		return l, damaged(err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return List{}, err
	}
	raw, err = dir.Read(layout.SumsName)
	if errors.Is(err, fs.ErrNotExist) {
		return List{}, nil
	}
	if err != nil {
		return List{}, err
	}
	l, err := parse(bytes.TrimRight(raw, "\x00")) // reserved bytes read as zeros
	return l, damaged(err)
}

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// Holds reports whether temp is all of a file that did not get its name: its line is
// written first.
func (l *List) Holds(dir disk.Dir, temp string) bool {
	name, _ := layout.TempOf(temp)
	info, err := dir.Stat(temp)
	if err != nil {
		return false
	}
	for _, want := range l.files {
		if want.Name != name || want.Size != info.Size() {
			continue
		}
		if got, err := sumOf(dir, temp); err == nil && got.CRC == want.CRC {
			return true
		}
	}
	return false
}

// Verify compares the files in dir with their checksums, and returns the checksums
// of the files that exist. While the event is not closed, a file may be
// missing or be of an older line: its owner was killed between two steps, or the
// second of them failed.
func (l *List) Verify(dir disk.Dir) (found []Sum, err error) {
	left := map[string][]Sum{}
	for _, f := range l.files {
		if l.whole {
			left[f.Name] = nil // the last of its lines counts
		}
		left[f.Name] = append(left[f.Name], f)
	}
	entries, err := dir.List()
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.Type().IsRegular() || layout.CheckName(name) != nil {
			continue
		}
		want, listed := left[name]
		if l.whole && !listed {
			continue // not the store's file
		}
		delete(left, name)
		got, err := sumOf(dir, name)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(want, got) {
			return nil, damaged(fmt.Errorf("%s is not what was written", name))
		}
		found = append(found, got)
	}
	if l.whole {
		for name := range left {
			return nil, damaged(fmt.Errorf("%s is missing", name))
		}
	}
	return found, nil
}

// sumOf reads a file and returns its checksum.
func sumOf(dir disk.Dir, name string) (s Sum, err error) {
	f, err := dir.Open(name, os.O_RDONLY)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	sum := New()
	n, err := io.Copy(sum, f)
	return Sum{name, n, sum.Sum32()}, err
}
