package blackbox

import (
	"context"
	"errors"
	"fmt"
)

// A writer is the goroutine of a [Written] box: it copies records from the
// image to the file.
type writer struct {
	wake            chan struct{}      // holds one; closed by Close
	flush           chan chan struct{} // a reply is closed when all is written
	done            chan struct{}      // closed when the goroutine has ended
	samples, events uint64             // written so far, of each ring
	earlier         uint64             // as it is in the file
}

func newWriter(h *Header) *writer {
	return &writer{wake: make(chan struct{}, 1), flush: make(chan chan struct{}), done: make(chan struct{}), earlier: h.Earlier}
}

// notify says that there is a record to write. It never waits.
func (w *writer) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Flush waits until all earlier records are in the file, which takes a
// [Written] box some microseconds, or for ever if its disk does not answer. It
// returns [Box.Err], or the context's error.
func (b *Box) Flush(ctx context.Context) error {
	if b.writer == nil {
		return b.Err()
	}
	reply := make(chan struct{})
	select {
	case b.writer.flush <- reply:
	case <-b.writer.done:
		return b.Err()
	case <-ctx.Done():
		return flushError(ctx)
	}
	select {
	case <-reply:
		return b.Err()
	case <-ctx.Done():
		return flushError(ctx)
	}
}

func flushError(ctx context.Context) error {
	return fmt.Errorf("holmes: black box: the last records are not written: %w", context.Cause(ctx))
}

// write is the goroutine. It ends when Close has closed the wake channel and all
// records are in the file.
func (b *Box) write() {
	defer close(b.writer.done)
	for open := true; open; {
		var reply chan struct{}
		select {
		case _, open = <-b.writer.wake:
		case reply = <-b.writer.flush:
		}
		b.writeNew()
		if reply != nil {
			close(reply)
		}
	}
	mark := asBytes(b.words[wordClosed : wordPanicked+1])
	b.note(errors.Join(b.writeAt(mark, wordClosed*wordSize), b.file.Close()))
	b.freeImage()
}

// freeImage frees an image that is not on the heap. The box is closed.
func (b *Box) freeImage() {
	b.mu.Lock()
	if b.offHeap {
		if err := unmapFile(b.words); err != nil {
			b.fail(err)
		}
		b.words = nil
	}
	b.mu.Unlock()
}

// writeNew writes the records since its last call.
func (b *Box) writeNew() {
	var slot [slotSize]byte
	for {
		at, found := b.copyNext(&slot)
		if !found {
			break
		}
		b.note(b.writeAt(slot[:], int64(headerSize+at*slotSize)))
	}
	b.mu.Lock()
	earlier := b.words[wordEarlier : wordEarlier+1 : wordEarlier+1]
	changed := earlier[0] != b.writer.earlier
	b.writer.earlier = earlier[0]
	b.mu.Unlock()
	if changed {
		b.note(b.writeAt(asBytes(earlier), wordEarlier*wordSize))
	}
}

// copyNext copies the next record that is not in the file.
func (b *Box) copyNext(to *[slotSize]byte) (slot int, found bool) {
	b.mu.Lock()
	slot, found = b.events.take(&b.writer.events)
	if !found {
		slot, found = b.samples.take(&b.writer.samples)
	}
	if found {
		copy(to[:], asBytes(b.words[headerWords+slot*slotWords:][:slotWords]))
	}
	b.mu.Unlock()
	return slot, found
}

// take counts one more of the ring's records as done, and returns its slot. Records
// that were overwritten meanwhile are lost.
func (r *ring) take(done *uint64) (slot int, found bool) {
	if *done == r.count {
		return 0, false
	}
	size := uint64(r.size)
	*done = max(*done, r.count-min(r.count, size))
	slot = r.base + int(*done%size)
	*done++
	return slot, true
}

func (b *Box) writeAt(p []byte, at int64) error {
	_, err := b.file.WriteAt(p, at)
	return err
}

func (b *Box) note(err error) {
	if err == nil {
		return
	}
	b.mu.Lock()
	b.fail(err)
	b.mu.Unlock()
}
