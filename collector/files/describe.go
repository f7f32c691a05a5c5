package files

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// eachUpload calls do with the uploads of a directory that are there, until it returns
// false.
func (s *source) eachUpload(do func(u *upload) bool) error {
	last := -1
	for i := range s.len() {
		ref := s.ref(i)
		slot := int(ref >> 48)
		if slot == last || !s.alive(ref) {
			continue
		}
		last = slot
		u, err := s.upload(i)
		if err != nil {
			return err
		}
		if !do(&u) {
			break
		}
	}
	return nil
}

// upload describes the blob of a row, which is the first of its blob.
func (s *source) upload(i int) (u upload, err error) {
	u.id, _ = fromRef(s.dir, s.ref(i))
	u.service = s.termWith(i, termService)
	if s.termWith(i, termClass) == eventRow[len(termClass):] {
		u.class = event
		var p struct { // the part of eventPayload that is needed
			ID       string    `json:"id"`
			Received time.Time `json:"received"`
			Bytes    int64     `json:"bytes"`
		}
		if err := json.Unmarshal(s.payload(i), &p); err != nil {
			return u, errRow
		}
		u.event, u.received, u.bytes = p.ID, p.Received.UnixNano(), p.Bytes
		for n := i + 1; u.bytes == 0 && n < s.len() && s.ref(n)>>48 == s.ref(i)>>48; n++ {
			row := payloadReader{rest: s.payload(n)}
			u.bytes += int64(row.uvarint())
		}
		if p.Bytes == 0 {
			u.bytes = onDisk(u.bytes + guessedEvent)
		}
		return u, nil
	}
	p := payloadReader{rest: s.payload(i)}
	size := int64(p.uvarint())
	p.uvarint()
	u.received = s.at(i) + p.varint()
	p.skipString()
	p.skipString()
	if len(p.rest) > 0 {
		u.bytes = int64(p.uvarint())
	} else {
		u.bytes = onDisk(size + guessedRecord)
	}
	return u, p.err
}

// The rows of earlier versions do not say how large a blob is: these are guesses of
// what it has beside its profiles.
const (
	guessedRecord = 512
	guessedEvent  = 16 << 10
)

func (s *source) at(i int) int64 {
	if s.seg != nil {
		return s.seg.At(i)
	}
	return s.rows[i].At
}

func (s *source) payload(i int) []byte {
	if s.seg != nil {
		return s.seg.Payload(i)
	}
	return s.rows[i].Payload
}

// termWith returns the first term of a row with that prefix, without the prefix.
func (s *source) termWith(i int, prefix string) string {
	rest, _ := s.termOf(i, prefix)
	return rest
}

func (s *source) termOf(i int, prefix string) (rest string, ok bool) {
	if s.seg != nil {
		return s.seg.SetTerm(s.seg.SetOf(i), prefix)
	}
	for _, t := range s.rows[i].Terms {
		if rest, ok := strings.CutPrefix(t, prefix); ok {
			return rest, true
		}
	}
	return "", false
}

// copied returns a row that does not point into the index.
func copied(r segment.Row) segment.Row {
	r.Payload = append([]byte(nil), r.Payload...)
	return r
}
