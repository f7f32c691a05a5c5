package api

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A Check looks at a profile in pprof's format without decoding it, in bounded
// time and memory. An error of code Invalid or TooLarge is the sender's doing.
type Check func(file *io.SectionReader) (Content, error)

// Content is what a look at a profile has told, short of decoding it.
type Content struct {
	// SampleTypes are the names of its values, such as "cpu" or "inuse_space".
	SampleTypes []string
	// Time is when it was taken, and zero if it does not say.
	Time time.Time
	// Duration is how long it lasted, and 0 if it does not say.
	Duration time.Duration
}

// kinds returns the kinds that a profile with these values can be of, and none
// for values of which nothing is known. Contentions are those of mutexes or of
// everything that blocks; nothing in the profile tells.
func (c *Content) kinds() []collector.Kind {
	for _, name := range c.SampleTypes {
		switch name {
		case "cpu":
			return []collector.Kind{collector.KindCPU}
		case "alloc_objects", "alloc_space", "inuse_objects", "inuse_space":
			return []collector.Kind{collector.KindHeap}
		case "contentions", "delay":
			return []collector.Kind{collector.KindMutex, collector.KindBlock}
		case "goroutine", "goroutines":
			return []collector.Kind{collector.KindGoroutine}
		case "threadcreate":
			return []collector.Kind{collector.KindThreadcreate}
		}
	}
	return nil
}

// agrees returns an error if the content is known to be of another kind. A
// profile of the wrong kind would spoil every merge that it is part of.
func (c *Content) agrees(kind collector.Kind) error {
	kinds := c.kinds()
	if kind == collector.KindOther || len(kinds) == 0 || slices.Contains(kinds, kind) {
		return nil
	}
	return collector.Errorf(collector.Invalid, "the type is %s, but the content is a %s profile (%s)",
		kind, kinds[0], strings.Join(c.SampleTypes, ", "))
}

// inspect looks at a profile that was received, and returns an error if it is
// not what it is said to be, or not fit to be read later.
func (h *Handler) inspect(kind collector.Kind, file *io.SectionReader) (Content, error) {
	if file.Size() == 0 {
		return Content{}, collector.Errorf(collector.Invalid, "the profile is empty")
	}
	trace, err := isTrace(file)
	if err != nil {
		return Content{}, err
	}
	switch {
	case trace && !kind.Pprof():
		return Content{}, nil // what is in it nobody here reads
	case trace:
		return Content{}, collector.Errorf(collector.Invalid, "the type is %s, but the content is an execution trace", kind)
	case !kind.Pprof():
		return Content{}, collector.Errorf(collector.Invalid, "the type is trace, but the content is no execution trace")
	}
	content, err := h.config.Check(file)
	if err != nil {
		return content, err
	}
	return content, content.agrees(kind)
}

// isTrace reports whether a file begins as runtime/trace lets it begin: "go 1.26
// trace" and zeros, 16 bytes in all.
func isTrace(file *io.SectionReader) (bool, error) {
	var head [16]byte
	n, err := file.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return false, err
	}
	line, _, _ := bytes.Cut(head[:n], []byte{0})
	return n == len(head) && bytes.HasPrefix(line, []byte("go 1.")) && bytes.HasSuffix(line, []byte(" trace")), nil
}
