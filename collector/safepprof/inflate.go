package safepprof

import (
	"bufio"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
)

// An inflater reads the members of a gzip file, one after the other. It reads them
// by itself, since gzip.Reader takes a file that is cut off in the head of a later
// member for one that ends before it.
type inflater struct {
	in  *bufio.Reader // nil before the first use
	zip gzip.Reader
	err error
}

// begin makes z inflate src.
func (z *inflater) begin(src io.Reader) {
	if z.in == nil {
		z.in = bufio.NewReaderSize(src, 16<<10)
	} else {
		z.in.Reset(src)
	}
	z.err = z.member()
}

// end drops the reference to the source.
func (z *inflater) end() {
	if z.in != nil {
		z.in.Reset(nil)
	}
}

// member begins the next member.
func (z *inflater) member() error {
	err := z.zip.Reset(z.in)
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	z.zip.Multistream(false)
	return err
}

// Read implements [io.Reader]. It returns [io.EOF] when all members have ended and
// their checksums hold.
func (z *inflater) Read(p []byte) (int, error) {
	for z.err == nil {
		var n int
		n, z.err = z.zip.Read(p)
		if errors.Is(z.err, io.EOF) {
			if _, z.err = z.in.Peek(1); z.err == nil {
				z.err = z.member()
			}
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, z.err
}
