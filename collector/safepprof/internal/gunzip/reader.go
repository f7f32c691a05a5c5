package gunzip

import (
	"errors"
	"hash/crc32"
	"io"
)

var (
	// ErrHeader is returned when what should be the head of a gzip member is
	// something else.
	ErrHeader = errors.New("not gzip")
	// ErrCorrupt is returned when the deflated data cannot be meant.
	ErrCorrupt = errors.New("corrupt gzip")
	// ErrBlocks is returned for more descriptions of codes than anybody needs:
	// each takes some ten microseconds, and ten bytes.
	ErrBlocks = errors.New("gzip of too many small blocks")
	// ErrChecksum is returned when a member inflates to something else than its
	// trailer says.
	ErrChecksum = errors.New("gzip checksum does not match")
)

const (
	history  = 32 << 10 // how far back a match can reach
	step     = 96 << 10
	maxMatch = 258
	slack    = 32 // most matches are copied as so many bytes

	// A block that describes its code may stand for as little as this many bytes
	// of the source, on the average, when there are more than so many.
	meanBlock = 256
	fewBlocks = 1024
	inSize    = 16 << 10
	full      = history + step // no round of symbols is begun from here on
	overrun   = 1 + maxMatch   // a round that begins just before: two literals and a match
)

// A Reader inflates what a source holds: one gzip member or several. It is used
// by one goroutine. The zero value is made ready by [Reader.Reset].
type Reader struct {
	src    io.Reader
	srcErr error // why there is no more to read
	in     [inSize]byte
	inPos  int // in[inPos:inEnd] is still to be taken
	inEnd  int
	behind int // bytes that came before in

	bits  uint64 // taken, not used; the lowest comes first
	nbits int    // how many of bits count; negative when more were used than there are

	out    [full + overrun + slack]byte
	pos    int // out[:pos] is inflated
	given  int // out[:given] was returned
	summed int // out[:summed] is in crc
	member int // where in out the member begins, 0 if further back
	crc    uint32
	size   uint32

	one     [1]byte // of a head, for its checksum
	phase   phase
	begun   bool // a member was seen
	last    bool // this block is the member's last
	blocks  int  // that described their code
	stored  int  // what is left of a stored block
	ready   bool // the fixed tables are built
	tables  tables
	lengths [maxLiterals + maxDistances]uint8
}

// Tables are what a block is decoded with. Those of fixed blocks are kept.
type tables struct {
	lit, fixedLit   [litSize]entry
	dist, fixedDist [distSize]entry
	order           [codeSize]entry // of code lengths
	fixed           bool            // which of them the block uses
}

type phase uint8

const (
	inHeader phase = iota
	atBlock
	inStored
	inSymbols
	inTrailer
)

// Reset makes r inflate src from its beginning and forget all else.
func (r *Reader) Reset(src io.Reader) {
	r.src, r.srcErr = src, nil
	r.inPos, r.inEnd, r.behind, r.bits, r.nbits, r.blocks = 0, 0, 0, 0, 0, 0
	r.pos, r.given, r.summed, r.member = 0, 0, 0, 0
	r.phase, r.begun, r.last = inHeader, false, false
}

// Next returns the next bytes, at least one and at most 129 KiB, which are valid
// until it is called again. It returns io.EOF when all members have ended and
// their checksums hold, io.ErrUnexpectedEOF when the source ends before that,
// one of this package's errors, or that of the source.
func (r *Reader) Next() ([]byte, error) {
	r.slide()
	for r.pos < full {
		if err := r.advance(); err != nil {
			if errors.Is(err, io.EOF) && r.pos > r.given {
				break // it will come again
			}
			return nil, err
		}
	}
	r.sum()
	chunk := r.out[r.given:r.pos]
	r.given = r.pos
	return chunk, nil
}

// slide makes room in out and keeps what matches can reach.
func (r *Reader) slide() {
	if r.pos < full {
		return
	}
	by := r.pos - history
	copy(r.out[:], r.out[by:r.pos])
	r.pos, r.given, r.summed = history, history, history
	r.member = max(r.member-by, 0)
}

// advance goes on with the phase that r is in until the phase or the room in
// out ends.
func (r *Reader) advance() error {
	switch r.phase {
	case inHeader:
		return r.header()
	case atBlock:
		return r.block()
	case inStored:
		return r.copyStored()
	case inSymbols:
		return r.symbols()
	default:
		return r.trailer()
	}
}

// sum takes what was inflated into the checksum.
func (r *Reader) sum() {
	part := r.out[r.summed:r.pos]
	r.crc = crc32.Update(r.crc, crc32.IEEETable, part)
	r.size += uint32(len(part)) // modulo 2^32, as in the trailer
	r.summed = r.pos
}
