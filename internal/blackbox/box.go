package blackbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// A Medium is where a [Box] keeps its records.
type Medium uint8

const (
	// Auto is Mapped on a file system in memory, Written elsewhere.
	Auto Medium = iota
	// Mapped is a file in the box's address space. A record is safe when the
	// call that wrote it returns. Linux only; on a disk it can stop the whole
	// process, see the package comment.
	Mapped
	// Written is a file that a goroutine of the box writes to. A record is
	// safe a moment later.
	Written
	// Memory is no file. A record lives as long as the process.
	Memory
)

// String returns "auto", "mapped", "written" or "memory".
func (m Medium) String() string {
	switch m {
	case Auto:
		return "auto"
	case Mapped:
		return "mapped"
	case Written:
		return "written"
	case Memory:
		return "memory"
	}
	return "unknown"
}

// A Config sizes a box. The zero value is the default in each field.
type Config struct {
	// Window is how far back the samples reach, by default 10 minutes.
	Window time.Duration
	// Interval is the time between two samples, by default a second.
	Interval time.Duration
	// Events is how many states and events are kept, by default 256.
	Events int
	// Medium is for tests, and for disks that are known not to block.
	Medium Medium
	// MaxBytes bounds the file, by default at 4 MiB. A window that it cannot hold is
	// shortened; where it cannot hold MinBytes, [Open] fails with [ErrNoRoom].
	MaxBytes int64
	// Labels and Earlier are those of the [Header].
	Labels  map[string]string
	Earlier uint64
}

const (
	defaultWindow   = 10 * time.Minute
	defaultInterval = time.Second
	defaultEvents   = 256
	// spareSlots is what the ring of samples has beyond the window: for a tick
	// that comes early, and for the slot that a kill tears.
	spareSlots = 8
	// minSlots is the least that is worth a file.
	minSlots = 64
)

// MinBytes is the size of the smallest file of a box.
const MinBytes = headerSize + minSlots*slotSize

// header fills in the defaults and returns the header of a box. A window that 4 MiB
// cannot hold is shortened.
func (c Config) header() (*Header, error) {
	var err error
	if c.Window < 0 || c.Interval < 0 || c.Events < 0 || c.MaxBytes < 0 || c.Medium > Memory {
		err = fmt.Errorf("holmes: black box: invalid config %+v", c)
		c = Config{}
	}
	interval := cmp.Or(c.Interval, defaultInterval)
	slots := maxSlots
	if c.MaxBytes > 0 {
		slots = int(min(maxSlots, max(minSlots, (c.MaxBytes-headerSize)/slotSize)))
	}
	events := min(cmp.Or(c.Events, defaultEvents), slots/2)
	wanted := cmp.Or(c.Window, defaultWindow)/interval + spareSlots
	samples := int(min(wanted, time.Duration(slots-events)))
	h := &Header{
		Start: time.Now(), PID: os.Getpid(), Interval: interval, Samples: samples, Events: events,
		Labels: c.Labels, Earlier: c.Earlier,
	}
	h.identify()
	return h, err
}

// A Box takes records. It is safe for concurrent use, and failures of its file do not
// reach the callers that write to it; see [Box.Err].
type Box struct {
	start  time.Time
	medium Medium
	file   *os.File // nil in memory
	writer *writer  // nil unless written

	mu      sync.Mutex
	words   []uint64 // the file's image: header and rings
	offHeap bool     // words have to be unmapped; only of a written box
	samples ring
	events  ring
	seq     uint64
	closed  bool
	failed  error
}

// A ring is a part of the image.
type ring struct {
	base, size int    // slots, the first of them counted from the header
	at         int    // where the next record goes, from base
	count      uint64 // records so far
}

// slot returns where the next record goes, in slots from the header.
func (r *ring) slot() int { return r.base + r.at }

func (r *ring) advance() {
	r.count++
	if r.at++; r.at == r.size {
		r.at = 0
	}
}

// New returns a box in memory. With an invalid config it has the default sizes; only
// [Open] reports that.
func New(c Config) *Box {
	h, _ := c.header()
	return newBox(h)
}

func newBox(h *Header) *Box {
	b := &Box{
		start: h.Start, medium: Memory, words: make([]uint64, h.words()),
		samples: ring{base: 0, size: h.Samples},
		events:  ring{base: h.Samples, size: h.Events},
	}
	h.encode(b.words)
	return b
}

// Open makes the file of a box, name with ".box" behind, in a directory that
// the caller may close at once. The file is private and new: Open fails with
// [os.ErrExist] if the name is taken. Its blocks are allocated
// before Open returns, which makes it write 220 KB by default.
//
// The box is never nil. If the file cannot be made it is in memory, and the error
// says why: wrapping [ErrName], [ErrNoRoom], [errors.ErrUnsupported] on systems
// without flock, or the system's error.
func Open(dir *os.Root, name string, c Config) (*Box, error) {
	h, err := c.header()
	b := newBox(h)
	if err != nil || c.Medium == Memory {
		return b, err
	}
	if c.MaxBytes > 0 && c.MaxBytes < MinBytes {
		return b, fmt.Errorf("holmes: black box: open %s: %w: %d of at least %d bytes", name, ErrNoRoom, c.MaxBytes, MinBytes)
	}
	if err := b.open(dir, name, c.Medium, h); err != nil {
		return b, fmt.Errorf("holmes: black box: open %s: %w", name, err)
	}
	return b, nil
}

func (b *Box) open(dir *os.Root, name string, m Medium, h *Header) error {
	f, err := createFile(dir, name, boxSuffix, asBytes(b.words))
	if err != nil {
		return err
	}
	if m == Mapped || m == Auto && livesInMemory(f) {
		words, err := mapFile(f, len(b.words))
		if err == nil {
			b.file, b.medium, b.words = f, Mapped, words
			return nil
		}
		if m == Mapped {
			return errors.Join(err, dir.Remove(name+boxSuffix), f.Close())
		}
	}
	b.file, b.medium = f, Written
	b.words, b.offHeap = offHeap(b.words)
	b.writer = newWriter(h)
	go b.write()
	return nil
}

// Medium returns what the records are kept in, never [Auto].
func (b *Box) Medium() Medium { return b.medium }

// Size returns the size of the file, 0 for a box in memory.
func (b *Box) Size() int64 {
	b.mu.Lock()
	size := len(b.words) * wordSize
	if b.medium == Memory {
		size = 0
	}
	b.mu.Unlock()
	return int64(size)
}

// Err returns what the file of the box suffered first, or nil. A mapped box
// takes no records after it; a written one goes on trying.
func (b *Box) Err() error {
	b.mu.Lock()
	err := b.failed
	b.mu.Unlock()
	return err
}

// Contents returns what is in the box, as [Read] would. It copies the box.
func (b *Box) Contents() (*Contents, error) {
	if image := b.image(); image != nil {
		return parse(image, len(image)*wordSize)
	}
	return nil, cmp.Or(b.Err(), errClosed)
}

// image copies the memory of the box, which can fault like any other access.
func (b *Box) image() (image []uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.medium == Mapped {
		defer b.catch(panicOnFault())
	}
	if b.closed {
		return nil
	}
	return append([]uint64(nil), b.words...)
}

// Close marks the box as stopped cleanly and closes the file, which stays. Later
// records are dropped. For a written box it waits until all records are in the file;
// if the context ends before that, because a disk does not answer, the goroutine
// goes on alone and Close returns the context's error. Otherwise it returns
// [Box.Err].
func (b *Box) Close(ctx context.Context) error {
	b.mu.Lock()
	first := b.end()
	b.mu.Unlock()
	if b.writer != nil {
		if first {
			close(b.writer.wake)
		}
		select {
		case <-b.writer.done:
		case <-ctx.Done():
			return fmt.Errorf("holmes: black box: the last records are not written: %w", context.Cause(ctx))
		}
	}
	return b.Err()
}

// Panicked records that the box is being closed in a panic: where is its place, in words
// of the caller. The next process gets the box as that of a run that ended abnormally.
func (b *Box) Panicked(now time.Time, where string) {
	b.State(now, where)
	b.setWord(wordPanicked, 1)
}

// ForgetEarlier sets [Header.Earlier] to 0, because those runs have been reported.
func (b *Box) ForgetEarlier() { b.setWord(wordEarlier, 0) }

// setWord sets a word of the header that is outside of its checksum.
func (b *Box) setWord(at int, value uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.medium == Mapped {
		defer b.catch(panicOnFault())
	}
	if b.closed {
		return
	}
	b.words[at] = value
	if b.writer != nil {
		b.writer.notify()
	}
}

// end marks the box as closed, and is true the first time. The lock is held.
func (b *Box) end() (first bool) {
	if b.closed {
		return false
	}
	if b.medium == Mapped {
		defer b.unmap()
		defer b.catch(panicOnFault())
	}
	b.closed = true
	b.words[wordClosed] = uint64(time.Since(b.start)) + 1
	return true
}

// unmap gives up a mapping and its file.
func (b *Box) unmap() {
	if err := errors.Join(unmapFile(b.words), b.file.Close()); err != nil {
		b.fail(err)
	}
	b.words = nil
}

// fail notes the first error. The lock is held.
func (b *Box) fail(err error) {
	if b.failed == nil {
		b.failed = fmt.Errorf("holmes: black box: %w", err)
	}
}
