package files

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// A blobID is the id of a stored upload: a number that grows with each upload, and
// a random tag, so that an id of one store does not occur in another. As text it
// sorts by the number.
type blobID struct {
	seq uint64 // 40 bits
	tag uint64 // 40 bits
}

const (
	slotBits = 12 // of a sequence number: the slot in its directory
	slots    = 1 << slotBits
	bits40   = 1<<40 - 1
	idLen    = 16 // 80 bits, 5 for each character
)

func encoding() *base32.Encoding {
	return base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)
}

func newBlobID(seq uint64) blobID {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails, as documented
	return blobID{seq: seq & bits40, tag: binary.BigEndian.Uint64(random[:]) & bits40}
}

func (b blobID) String() string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], b.seq<<24|b.tag>>16)
	binary.BigEndian.PutUint64(raw[8:], b.tag<<48)
	return encoding().EncodeToString(raw[:10])
}

// parseBlobID reads the text that String returns.
func parseBlobID(text string) (blobID, bool) {
	if len(text) != idLen {
		return blobID{}, false
	}
	raw, err := encoding().DecodeString(text)
	if err != nil {
		return blobID{}, false
	}
	raw = append(raw, make([]byte, 6)...)
	high, low := binary.BigEndian.Uint64(raw), binary.BigEndian.Uint64(raw[8:])
	return blobID{seq: high >> 24, tag: high<<16&bits40 | low>>48}, true
}

// dir is the number of the directory that holds the blob.
func (b blobID) dir() uint64 { return b.seq >> slotBits }

func (b blobID) slot() int { return int(b.seq % slots) }

// dirName is the directory of that number, below the one of all blobs.
func dirName(dir uint64) string { return fmt.Sprintf("%07x", dir) }

func parseDirName(name string) (uint64, bool) {
	dir, err := strconv.ParseUint(name, 16, 64)
	return dir, err == nil && dirName(dir) == name && dir <= bits40>>slotBits
}

// profileID is the ID of a file of a blob. A single profile has the ID of its
// blob.
func profileID(b blobID, part int, alone bool) string {
	if alone {
		return b.String()
	}
	return b.String() + "-" + strconv.Itoa(part)
}

// parseProfileID reads the text that profileID returns; part is -1 for a single
// profile.
func parseProfileID(id string) (b blobID, part int, ok bool) {
	text, number, more := strings.Cut(id, "-")
	if b, ok = parseBlobID(text); !ok || !more {
		return b, -1, ok
	}
	part, err := strconv.Atoi(number)
	return b, part, err == nil && part >= 0 && strconv.Itoa(part) == number
}

// ref is the reference of a row in 64 bits: slot and tag of the blob, and the
// number of the file.
func (b blobID) ref(part int) uint64 {
	return uint64(b.slot())<<48 | uint64(uint8(part))<<40 | b.tag
}

// whole is the file number of an event's own row.
const whole = 0xff

func fromRef(dir, ref uint64) (b blobID, part int) {
	return blobID{seq: dir<<slotBits | ref>>48, tag: ref & bits40}, int(ref >> 40 & 0xff)
}
