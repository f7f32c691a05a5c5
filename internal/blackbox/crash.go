package blackbox

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"
)

// maxCrash is at most how much of a crash's text is read: the reason and the goroutine
// that crashed come first.
const maxCrash = 64 << 10

// A Crash is the file to which the runtime writes, beside standard error, why
// it ends the process: a panic that was not recovered, a fatal error, a signal
// under GOTRACEBACK=crash. After a SIGKILL it is empty.
type Crash struct {
	file *os.File

	once sync.Once
	err  error
}

// OpenCrash makes a private file, name with ".crash" behind, and has the runtime
// write crashes to it, by [debug.SetCrashOutput]. With the name of a [Box],
// [Adopt] finds the two together. It fails as [Open] does.
//
// The process has one such setting, which cannot be read: what the application had
// set before is lost. So this is only for an application that has set nothing, and
// says so by an option. Only GOTRACEBACK bounds the size of a crash.
// Of a fatal error, such as a map written by two goroutines, the runtime writes
// the stacks there and the reason to standard error alone.
func OpenCrash(dir *os.Root, name string) (*Crash, error) {
	f, err := createFile(dir, name, crashSuffix, nil)
	if err == nil {
		err = debug.SetCrashOutput(f, debug.CrashOptions{})
		if err == nil {
			return &Crash{file: f}, nil
		}
		_ = dir.Remove(name + crashSuffix)
		_ = f.Close()
	}
	return nil, fmt.Errorf("holmes: crash output: open %s: %w", name, err)
}

// Close ends it. If the application has set an output of its own meanwhile, that one
// stays on Linux; other systems cannot tell, and Close switches it off. The file
// stays, empty, until the next [Adopt].
func (c *Crash) Close() error {
	c.once.Do(func() {
		if c.inUse() {
			c.err = debug.SetCrashOutput(nil, debug.CrashOptions{})
		}
		if err := c.file.Close(); c.err == nil {
			c.err = err
		}
	})
	return c.err
}

// readCrash returns the beginning of a crash's text, at most most bytes of it without
// the empty lines that a fatal error begins with, and the size of all of it.
func readCrash(f *os.File, most int64) (string, int64, error) {
	info, err := f.Stat()
	if err != nil {
		return "", 0, err
	}
	head, err := io.ReadAll(io.NewSectionReader(f, 0, most+1))
	if err != nil {
		return "", 0, err
	}
	text := strings.TrimLeft(text(head), "\n")
	return cut(text, int(most)), info.Size(), nil
}
