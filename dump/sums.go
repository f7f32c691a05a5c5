package dump

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxSums bounds what is read of a file of checksums: a line is at most
	// 170 bytes, and an event has some ten files.
	maxSums = 1 << 20
	// sealRoom is kept free for the last line while an event is open, so that
	// no event is left open because the budget is used up.
	sealRoom = 256
)

// A sum is what one file of an event was when it was written.
type sum struct {
	name string
	size int64
	crc  uint32
}

// sums is the content of a file of checksums: a line for each file in the order
// of writing, and when the event is closed a last one with its class. Every
// line ends with a checksum of itself.
//
//	1a2b3c4d 18342 heap.pb.gz 5e6f7a8b
//	sealed 6 88.2 "mem" "mem abs" 9c0d1e2f
type sums struct {
	files []sum
	class Class
	whole bool // has its last line, and nothing after it
	size  int  // bytes of all good lines
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

func signed(body string) string {
	return fmt.Sprintf("%s %08x\n", body, crc32.Checksum([]byte(body), castagnoli()))
}

func (s sum) line() string { return signed(fmt.Sprintf("%08x %d %s", s.crc, s.size, s.name)) }

// sealLine is the last line of an event that wrote so many files, counting
// those that were written over.
func (c *Class) sealLine(files int) string {
	cut := func(s string) string { return s[:min(len(s), 48)] } // quoted: at most four times as long
	line := signed(fmt.Sprintf("sealed %d %g %q %q", files, c.Height, cut(c.Series), cut(c.Kind)))
	if len(line) > sealRoom {
		line = signed(fmt.Sprintf("sealed %d %g %q %q", files, c.Height, "", ""))
	}
	return line
}

// parseSums reads checksums. An error is about a line that was once whole; the
// torn end that a killed process leaves is none.
func parseSums(raw []byte) (s sums, err error) {
	for {
		line, rest, ok := bytes.Cut(raw, []byte("\n"))
		if !ok {
			return s, nil
		}
		if s.whole {
			return s, errors.New("something follows the last line of the checksums")
		}
		if err := s.add(string(line)); err != nil {
			return s, err
		}
		s.size += len(line) + 1
		raw = rest
	}
}

func (s *sums) add(line string) error {
	wrong := fmt.Errorf("line %d of the checksums is not what was written", len(s.files)+1)
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
		if err != nil || files != len(s.files) || s.class.parse(words[2]) != nil {
			return wrong
		}
		s.whole = true
		return nil
	}
	crc, err := strconv.ParseUint(words[0], 16, 32)
	size, sizeErr := strconv.ParseInt(words[1], 10, 64)
	if err != nil || sizeErr != nil || checkName(words[2]) != nil {
		return wrong
	}
	s.files = append(s.files, sum{words[2], size, uint32(crc)})
	return nil
}

// parse reads what sealLine wrote behind the number of files.
func (c *Class) parse(s string) (err error) {
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

// readSums returns the checksums of the event in dir. Those of a closed event
// must be whole, those of another one may be torn or missing.
func readSums(dir folder) (sums, error) {
	raw, err := dir.read(sealName)
	if err == nil {
		s, err := parseSums(raw)
		if err == nil && (!s.whole || s.size != len(raw)) {
			err = errors.New("the checksums are cut off")
		}
		return s, damaged(err)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return sums{}, err
	}
	raw, err = dir.read(sumsName)
	if errors.Is(err, fs.ErrNotExist) {
		return sums{}, nil
	}
	if err != nil {
		return sums{}, err
	}
	s, err := parseSums(bytes.TrimRight(raw, "\x00")) // what is reserved reads as zeros
	return s, damaged(err)
}

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// verify compares the files in dir with their checksums, and returns those of
// the files that are there. While the event is not closed, a file may be
// missing, be of an older line, or have no line yet: its owner was killed
// between two steps, or the second of them failed.
func (s *sums) verify(dir folder) (found []sum, err error) {
	left := map[string][]sum{}
	for _, f := range s.files {
		if s.whole {
			left[f.name] = nil // the last line counts
		}
		left[f.name] = append(left[f.name], f)
	}
	entries, err := dir.list()
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.Type().IsRegular() || checkName(name) != nil {
			continue
		}
		want, listed := left[name]
		if s.whole && !listed {
			continue // somebody else's
		}
		delete(left, name)
		got, err := sumOf(dir, name)
		if err != nil {
			return nil, err
		}
		if listed && !slices.Contains(want, got) {
			return nil, damaged(fmt.Errorf("%s is not what was written", name))
		}
		found = append(found, got)
	}
	if s.whole {
		for name := range left {
			return nil, damaged(fmt.Errorf("%s is missing", name))
		}
	}
	return found, nil
}

// sumOf reads a file.
func sumOf(dir folder, name string) (s sum, err error) {
	f, err := dir.open(name, os.O_RDONLY)
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	hash := crc32.New(castagnoli())
	n, err := io.Copy(hash, f.os)
	return sum{name, n, hash.Sum32()}, err
}
