package merge

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// Members are the profiles of a group: what a query needs of them, also when retention
// has removed them. A day of two thousand instances has three million, so the file has
// them as a gzipped stream in which each takes some 25 bytes:
//
//	length of what the ID has in common with the one before, and the rest of it
//	nanoseconds between its time and the one before
//	duration
//	number of its labels; the labels, if they are new
//	number of its sample types, 0 without facts; the types, if they are new; the totals
type members struct {
	ids      []string
	profiles []described
	facts    []facts // as many as there are profiles, or none
}

// A described is what a query needs of a profile.
type described struct {
	At       time.Time        `json:"at"`
	Duration time.Duration    `json:"duration,omitempty"`
	Labels   collector.Labels `json:"labels,omitempty"`
}

// A memberWriter writes the members of a group.
type memberWriter struct {
	zip    *gzip.Writer
	buf    []byte
	id     string // the last one
	at     int64
	labels map[string]uint64
	types  map[string]uint64
	err    error
}

// newMemberWriter returns a writer. It writes with zip, which is large, unless that is nil.
func newMemberWriter(to io.Writer, zip *gzip.Writer) *memberWriter {
	w := &memberWriter{zip: zip, labels: map[string]uint64{}, types: map[string]uint64{}}
	if zip != nil {
		zip.Reset(to)
	} else {
		w.zip, w.err = gzip.NewWriterLevel(to, gzip.BestSpeed)
	}
	return w
}

// add writes a member. All of a group have facts, or none.
func (w *memberWriter) add(r *ref, labels collector.Labels) {
	same, id := 0, r.id
	for same < min(len(id), len(w.id)) && id[same] == w.id[same] {
		same++
	}
	at := r.at.UnixNano()
	b := binary.AppendUvarint(w.buf[:0], uint64(same))
	b = appendText(b, id[same:])
	b = binary.AppendVarint(b, w.at-at)
	b = binary.AppendVarint(b, int64(r.duration))
	w.id, w.at = id, at
	key := labels.String()
	n, known := w.labels[key]
	if !known {
		n = uint64(len(w.labels))
		w.labels[key] = n
	}
	if b = binary.AppendUvarint(b, n); !known {
		b = binary.AppendUvarint(b, uint64(len(labels)))
		for _, l := range labels {
			b = appendText(appendText(b, l.Key), l.Value)
		}
	}
	w.buf = w.appendFacts(b, r.facts)
	if w.err == nil {
		_, w.err = w.zip.Write(w.buf)
	}
}

func (w *memberWriter) appendFacts(b []byte, f *facts) []byte {
	if f == nil {
		return binary.AppendUvarint(b, 0)
	}
	var key []byte
	for _, t := range f.Types {
		key = appendText(key, t)
	}
	n, known := w.types[string(key)]
	if !known {
		n = uint64(len(w.types)) + 1
		w.types[string(key)] = n
	}
	if b = binary.AppendUvarint(b, n); !known {
		b = append(binary.AppendUvarint(b, uint64(len(f.Types))), key...)
	}
	for _, v := range f.Totals {
		b = binary.AppendVarint(b, v)
	}
	return b
}

func (w *memberWriter) close() error {
	if w.err != nil {
		return fmt.Errorf("holmes: merge: %w", w.err)
	}
	if err := w.zip.Close(); err != nil {
		return fmt.Errorf("holmes: merge: %w", err)
	}
	return nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// A memberReader reads what a memberWriter has written. After an error it returns zeros.
type memberReader struct {
	raw    []byte
	bad    bool
	labels []collector.Labels
	types  [][]string
	totals []int64 // the rest of a block
}

// maxMembers bounds what the members of a group take inflated.
const maxMembers = 1 << 30

// readMembers reads n members.
func readMembers(from io.Reader, n int) (*members, error) {
	zip, err := gzip.NewReader(from)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRollup, err)
	}
	var raw bytes.Buffer
	if size, err := io.Copy(&raw, io.LimitReader(zip, maxMembers)); err != nil || size == maxMembers || n < 0 || int64(n) > size {
		return nil, errors.Join(errRollup, err)
	}
	r := &memberReader{raw: raw.Bytes()}
	m := &members{ids: make([]string, 0, n), profiles: make([]described, 0, n)}
	var id []byte
	at := int64(0)
	for range n {
		same := int(min(r.uvarint(), uint64(len(id))))
		id = append(id[:same], r.text()...)
		at -= r.varint()
		d := described{At: time.Unix(0, at).UTC(), Duration: time.Duration(r.varint()), Labels: r.label()}
		m.ids, m.profiles = append(m.ids, string(id)), append(m.profiles, d)
		if f, has := r.fact(); has {
			m.facts = append(m.facts, f)
		}
		if r.bad {
			return nil, errRollup
		}
	}
	if len(r.raw) > 0 || len(m.facts) > 0 && len(m.facts) != n {
		return nil, errRollup
	}
	return m, nil
}

func (r *memberReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.raw)
	return r.skip(v, n)
}

func (r *memberReader) varint() int64 {
	v, n := binary.Varint(r.raw)
	return int64(r.skip(uint64(v), n))
}

func (r *memberReader) skip(v uint64, n int) uint64 {
	if n <= 0 {
		r.raw, r.bad = nil, true
		return 0
	}
	r.raw = r.raw[n:]
	return v
}

// text is valid as long as the bytes are.
func (r *memberReader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.raw)) {
		r.raw, r.bad = nil, true
		return nil
	}
	text := r.raw[:n]
	r.raw = r.raw[n:]
	return text
}

// count is a number of things of which each takes a byte at least.
func (r *memberReader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.raw)) {
		r.raw, r.bad = nil, true
		return 0
	}
	return int(n)
}

func (r *memberReader) label() collector.Labels {
	switch n := r.uvarint(); {
	case n < uint64(len(r.labels)):
		return r.labels[n]
	case n > uint64(len(r.labels)):
		r.raw, r.bad = nil, true
		return nil
	}
	var labels collector.Labels
	for range r.count() {
		labels = append(labels, collector.Label{Key: string(r.text()), Value: string(r.text())})
	}
	r.labels = append(r.labels, labels)
	return labels
}

func (r *memberReader) fact() (f facts, has bool) {
	n := r.uvarint()
	if n == 0 {
		return f, false
	}
	if n > uint64(len(r.types))+1 {
		r.raw, r.bad = nil, true
		return f, false
	}
	if n > uint64(len(r.types)) {
		types := []string(nil)
		for range r.count() {
			types = append(types, string(r.text()))
		}
		r.types = append(r.types, types)
	}
	f.Types = r.types[n-1]
	f.Totals = r.row(len(f.Types))
	for i := range f.Totals {
		f.Totals[i] = r.varint()
	}
	return f, true
}

// row returns room for n totals, of blocks of many.
func (r *memberReader) row(n int) []int64 {
	if n > len(r.totals) {
		r.totals = make([]int64, max(n, 4096))
	}
	row := r.totals[:n:n]
	r.totals = r.totals[n:]
	return slices.Clip(row)
}
