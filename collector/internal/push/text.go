package push

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/go-holmes/holmes/collector"
)

// stream reads a string, and hands its characters out. What is not read of them is
// passed over, and an error of the string is returned in any case.
func (s *scanner) stream(read func(io.Reader) error) error {
	if _, err := s.take(`"`); err != nil {
		return err
	}
	c := &characters{in: s.in}
	err := read(c)
	if _, failed := io.Copy(io.Discard, c); failed != nil {
		return failed
	}
	return err
}

// optional is text that may also be null, which is "".
func (s *scanner) optional() (string, error) {
	if null, err := s.null(); null || err != nil {
		return "", err
	}
	return s.text()
}

// text reads a string, or as much of it as is worth it.
func (s *scanner) text() (text string, err error) {
	err = s.stream(func(r io.Reader) error {
		raw, err := io.ReadAll(io.LimitReader(r, MaxText))
		text = string(raw)
		return err
	})
	return text, err
}

// characters are those of a string whose opening quote was read.
type characters struct {
	in  *bufio.Reader
	out []byte // of an escape, to be read first
	err error  // io.EOF after the closing quote
}

func (c *characters) Read(p []byte) (int, error) {
	for len(c.out) == 0 && c.err == nil {
		if n := c.plain(p); n > 0 {
			return n, nil
		}
		c.err = c.special()
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	if n > 0 {
		return n, nil
	}
	return 0, c.err
}

// plain reads the characters that stand for themselves, as far as they are buffered.
func (c *characters) plain(p []byte) int {
	if _, c.err = c.in.Peek(1); c.err != nil {
		c.err = ended(c.err)
		return 0
	}
	window, _ := c.in.Peek(min(len(p), c.in.Buffered()))
	n := 0
	for n < len(window) && window[n] >= ' ' && window[n] != '"' && window[n] != '\\' {
		n++
	}
	copy(p, window[:n])
	_, _ = c.in.Discard(n)
	return n
}

// special reads an escape, or the end.
func (c *characters) special() error {
	if c.err != nil {
		return c.err
	}
	first, err := c.in.ReadByte()
	switch {
	case err != nil:
		return ended(err)
	case first == '"':
		return io.EOF
	case first != '\\':
		return notJSON("a control character in a string")
	}
	escape, err := c.in.ReadByte()
	if err != nil {
		return ended(err)
	}
	switch escape {
	case '"', '\\', '/':
		c.out = []byte{escape}
	case 'b':
		c.out = []byte{'\b'}
	case 'f':
		c.out = []byte{'\f'}
	case 'n':
		c.out = []byte{'\n'}
	case 'r':
		c.out = []byte{'\r'}
	case 't':
		c.out = []byte{'\t'}
	case 'u':
		return c.unicode()
	default:
		return notJSON(`the escape \%c in a string`, escape)
	}
	return nil
}

// unicode reads what follows \u, and a second half of the character if there is one.
func (c *characters) unicode() error {
	digits, err := c.in.Peek(4)
	if err != nil {
		return ended(err)
	}
	r, err := unhex(digits)
	if err != nil {
		return err
	}
	_, _ = c.in.Discard(4)
	if utf16.IsSurrogate(r) {
		second := rune(utf8.RuneError)
		if next, _ := c.in.Peek(6); len(next) == 6 && string(next[:2]) == `\u` {
			if second, err = unhex(next[2:]); err != nil {
				return err
			}
		}
		if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
			_, _ = c.in.Discard(6)
		}
	}
	c.out = utf8.AppendRune(nil, r)
	return nil
}

func unhex(digits []byte) (rune, error) {
	var b [2]byte
	if _, err := hex.Decode(b[:], digits); err != nil {
		return 0, notJSON(`the escape \u%s in a string`, digits)
	}
	return rune(b[0])<<8 | rune(b[1]), nil
}

// fromBase64 is what is encoded, in either alphabet and padded or not, as JSON's form
// of protocol buffers allows.
type fromBase64 struct{ decoder io.Reader }

func newFromBase64(r io.Reader) fromBase64 {
	return fromBase64{base64.NewDecoder(base64.RawStdEncoding, &unpadded{r: r})}
}

func (f fromBase64) Read(p []byte) (int, error) {
	n, err := f.decoder.Read(p)
	if corrupt, ok := errors.AsType[base64.CorruptInputError](err); ok {
		err = collector.Errorf(collector.Invalid, "rawProfile is not base64: %w", corrupt)
	}
	return n, err
}

// unpadded turns all forms of base64 into one.
type unpadded struct {
	r     io.Reader
	ended bool // the padding was reached
}

func (u *unpadded) Read(p []byte) (int, error) {
	for {
		n, err := u.r.Read(p)
		kept := 0
		for _, c := range p[:n] {
			switch {
			case c == '=':
				u.ended = true
				continue
			case u.ended:
				c = '=' // which the decoder refuses
			case c == '-':
				c = '+'
			case c == '_':
				c = '/'
			}
			p[kept] = c
			kept++
		}
		if kept > 0 || err != nil || n == 0 {
			return kept, err
		}
	}
}
