package eventstore

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"io"
)

// bufferSize is how much of a profile is passed to the disk's goroutine at once.
const bufferSize = 32 << 10

// errUnfinished ends the file of a capture that did not return.
var errUnfinished = errors.New("the capture did not return")

// A handover passes what a capture writes to the goroutine of the disk, which copies
// it. So a disk that hangs holds neither the capture nor its buffers.
type handover struct {
	chunks chan []byte
	taken  chan int // how much of the chunk was copied
	end    chan struct{}
	err    error // of the capture, once end is closed

	call *call
	ctx  context.Context
}

// stream runs op, which reads what fill writes, in the goroutine of the disk, and fill in
// this one. An error of fill is returned as err, one of the disk as refused.
func (g *gate) stream(ctx context.Context, op func(io.Reader) error, fill func(io.Writer) error) (refused, err error) {
	h := &handover{
		call: g.newCall(), ctx: ctx,
		chunks: make(chan []byte), taken: make(chan int), end: make(chan struct{}), err: errUnfinished,
	}
	failed := errUnfinished // of op
	if busy := h.call.start(ctx, func() { failed = op(h) }, nil); busy != nil {
		return busy, nil
	}
	func() {
		defer close(h.end) // however fill ends
		w := bufio.NewWriterSize(h, bufferSize)
		err = fill(w)
		refused = w.Flush() // the runtime's profile writers return no error of w
		h.err = cmp.Or(refused, err)
	}()
	if left := h.call.wait(ctx); left != nil {
		return left, nil
	}
	switch {
	case refused != nil:
		return cmp.Or(failed, refused), nil
	case err != nil:
		return nil, err
	}
	return failed, nil
}

// Write passes p on, and returns when it is copied.
func (h *handover) Write(p []byte) (n int, err error) {
	for n < len(p) {
		select {
		case h.chunks <- p[n:]:
		case <-h.call.done: // the disk has refused the file; the operation has the reason
			return n, io.ErrClosedPipe
		default:
			if err := h.pass(p[n:]); err != nil {
				return n, err
			}
		}
		n += <-h.taken // which needs no disk
	}
	return n, nil
}

// pass waits until the disk takes a chunk.
func (h *handover) pass(chunk []byte) error {
	end, stop := soonAfter(h.ctx)
	defer stop()
	select {
	case h.chunks <- chunk:
		return nil
	case <-h.call.done:
		return io.ErrClosedPipe
	case <-h.call.lost:
	case <-end:
	}
	return ErrNoAnswer
}

// Read is called in the goroutine of the disk. A disk that waits for the capture is not
// one that does not answer.
func (h *handover) Read(p []byte) (n int, err error) {
	h.call.timer.Stop()
	select {
	case chunk := <-h.chunks:
		n = copy(p, chunk)
		h.taken <- n
	case <-h.end:
		if err = h.err; err == nil {
			err = io.EOF
		}
	}
	h.call.timer.Reset(patience)
	return n, err
}
