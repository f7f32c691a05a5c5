package blackbox

import (
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
	"unsafe"
)

// Sample records a reading. It never waits for a disk, makes no system call but
// to wake the writer of a [Written] box, and allocates nothing.
func (b *Box) Sample(now time.Time, s *Sample) { b.put(now, KindSample, "", "", s) }

// State records a change of state in words of the caller, cut to 216 bytes. It
// costs what Sample costs.
func (b *Box) State(now time.Time, text string) { b.put(now, KindState, "", text, nil) }

// Event records a change of an event. The id is cut to 128 bytes, and id and text
// together to 216 bytes. It costs what Sample costs.
func (b *Box) Event(now time.Time, id, text string) { b.put(now, KindEvent, id, text, nil) }

func (b *Box) put(now time.Time, k Kind, id, text string, s *Sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.medium == Mapped {
		if b.failed != nil {
			return
		}
		defer b.catch(panicOnFault())
	}
	if b.closed {
		return
	}
	r := &b.events
	if k == KindSample {
		r = &b.samples
	}
	slot := (*[slotWords]uint64)(b.words[headerWords+r.slot()*slotWords:])
	b.seq++
	slot[slotSeq] = 0 // a process that is killed after this leaves no number
	slot[slotSince] = uint64(now.Sub(b.start))
	slot[slotWall] = uint64(now.UnixNano())
	var end int
	if k == KindSample {
		end = s.encode(slot)
	} else {
		end = encodeText(slot, k, id, text)
	}
	slot[slotSum] = checksum(b.seq, slot[slotSince:end])
	// The last store, and one that the compiler does not merge with others.
	(*atomic.Uint64)(unsafe.Pointer(&slot[slotSeq])).Store(b.seq)
	r.advance()
	if b.writer != nil {
		b.writer.notify()
	}
}

// panicOnFault makes a fault in this goroutine a panic, which [Box.catch] recovers.
// Without it the runtime ends the process.
func panicOnFault() (before bool) { return debug.SetPanicOnFault(true) }

// catch ends what panicOnFault began. After a fault, because the mapped file was
// truncated or its disk is broken, the box is lost and the host goes on.
func (b *Box) catch(before bool) {
	debug.SetPanicOnFault(before)
	if fault := recover(); fault != nil {
		b.fail(fmt.Errorf("the mapped file is gone: %v", fault))
	}
}
