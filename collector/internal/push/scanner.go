package push

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/go-holmes/holmes/collector"
)

// A scanner reads values of JSON, one after the other. It is as strict as package
// encoding/json, whose decoder would hold each string in memory.
type scanner struct {
	in    *bufio.Reader
	depth int
}

// maxDepth bounds values within values.
const maxDepth = 100

// maxScalar is how long a number can be.
const maxScalar = 64

// notJSON is the error of what is no JSON, or none of a request.
func notJSON(format string, args ...any) error {
	return collector.Prefix(collector.Errorf(collector.Invalid, format, args...), "not a PushRequest in JSON")
}

// peek returns the next byte that is no white space, which is read next.
func (s *scanner) peek() (byte, error) {
	for {
		head, err := s.in.Peek(1)
		if err != nil {
			return 0, ended(err)
		}
		switch c := head[0]; c {
		case ' ', '\t', '\r', '\n':
			_, _ = s.in.Discard(1)
		default:
			return c, nil
		}
	}
}

// ended is the error of a source that ends within a value.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// take reads the next byte that is no white space, if it is one of those.
func (s *scanner) take(wanted string) (byte, error) {
	c, err := s.peek()
	if err != nil {
		return 0, err
	}
	if strings.IndexByte(wanted, c) < 0 {
		return 0, notJSON("%q where one of %q is expected", c, wanted)
	}
	_, _ = s.in.Discard(1)
	return c, nil
}

// list reads an object or an array, and calls item before each of its items.
func (s *scanner) list(open, end string, item func() error) error {
	if null, err := s.null(); null || err != nil {
		return err
	}
	if s.depth++; s.depth > maxDepth {
		return notJSON("more than %d values within each other", maxDepth)
	}
	defer func() { s.depth-- }()
	if _, err := s.take(open); err != nil {
		return err
	}
	if c, err := s.peek(); err != nil {
		return err
	} else if c == end[0] {
		_, err = s.take(end)
		return err
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if c, err := s.take("," + end); err != nil || c == end[0] {
			return err
		}
	}
}

// array reads an array, or null for an empty one.
func (s *scanner) array(item func() error) error { return s.list("[", "]", item) }

// object reads an object, or null for an empty one.
func (s *scanner) object(field func(name string) error) error {
	return s.list("{", "}", func() error {
		name, err := s.text()
		if err != nil {
			return err
		}
		if _, err := s.take(":"); err != nil {
			return err
		}
		return field(name)
	})
}

// null reads null, if that is what follows.
func (s *scanner) null() (bool, error) {
	if c, err := s.peek(); err != nil || c != 'n' {
		return false, err
	}
	return true, s.scalar()
}

// skip reads any value.
func (s *scanner) skip() error {
	c, err := s.peek()
	if err != nil {
		return err
	}
	switch c {
	case '{':
		return s.object(func(string) error { return s.skip() })
	case '[':
		return s.array(s.skip)
	case '"':
		return s.stream(func(io.Reader) error { return nil })
	default:
		return s.scalar()
	}
}

// scalar reads a number, true, false or null.
func (s *scanner) scalar() error {
	var word []byte
	for {
		head, err := s.in.Peek(1)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err != nil || !inScalar(head[0]) || len(word) == maxScalar {
			break
		}
		word = append(word, head[0])
		_, _ = s.in.Discard(1)
	}
	if !json.Valid(word) {
		return notJSON("%q is no value", word)
	}
	return nil
}

func inScalar(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'E'
}

// end makes sure that nothing follows.
func (s *scanner) end() error {
	c, err := s.peek()
	if err == nil {
		return notJSON("%q after its end", c)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return err
}
