package files

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A blob file is the content of its files, one after the other, then a record in
// JSON that describes them, then a tail that locates the record. So it is written
// in one go, describes itself completely, and damage to it is detected.
//
//	content | record | length of the record (4) | its checksum (4) | magic (8)
const (
	tailSize  = 16
	blobMagic = "holmes\x00\x01"
	maxRecord = 4 << 20 // larger ones are not records
)

// A record describes a blob.
type record struct {
	ID       string           `json:"id"`
	Received time.Time        `json:"received"`
	Key      string           `json:"key,omitempty"`
	Service  string           `json:"service"`
	Labels   collector.Labels `json:"labels"`
	Event    *eventRecord     `json:"event,omitempty"`
	Files    []fileRecord     `json:"files"`

	size int64 // of the blob file
}

// An eventRecord is the summary of an event without the fields of [record].
type eventRecord struct {
	ID        string    `json:"id"`
	State     string    `json:"state,omitempty"`
	Signal    string    `json:"signal"`
	Reason    string    `json:"reason,omitempty"`
	Value     float64   `json:"value"`
	Limit     float64   `json:"limit"`
	Baseline  float64   `json:"baseline"`
	At        time.Time `json:"at"`
	Sentence  string    `json:"sentence"`
	Culprits  []string  `json:"culprits,omitempty"`
	Confident bool      `json:"confident,omitempty"`
}

// A fileRecord is one file of the blob. Files lie in this order.
type fileRecord struct {
	Name     string            `json:"name"`
	Size     int64             `json:"size"`
	Checksum uint32            `json:"crc32c"`
	Kind     collector.Kind    `json:"kind,omitempty"` // "" for a file that is no profile
	Created  time.Time         `json:"created,omitzero"`
	Duration time.Duration     `json:"duration,omitempty"`
	Totals   []collector.Total `json:"totals,omitempty"`
}

func checksumTable() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// footer returns the record and the tail as they follow the content.
func (r *record) footer() ([]byte, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("holmes: encode a blob's record: %w", err)
	}
	sum := crc32.Checksum(raw, checksumTable())
	size := uint32(len(raw))
	raw = binary.LittleEndian.AppendUint32(raw, size)
	raw = binary.LittleEndian.AppendUint32(raw, sum)
	return append(raw, blobMagic...), nil
}

// errDamaged is the error of a file that is not the blob of its name.
var errDamaged = errors.New("blob is damaged")

// readRecord reads the record of an open blob file.
func readRecord(f *os.File, id blobID) (*record, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	var tail [tailSize]byte
	if info.Size() < tailSize {
		return nil, fmt.Errorf("%w: %d bytes", errDamaged, info.Size())
	}
	if _, err := f.ReadAt(tail[:], info.Size()-tailSize); err != nil {
		return nil, err
	}
	length := int64(binary.LittleEndian.Uint32(tail[:]))
	if string(tail[8:]) != blobMagic || length > min(maxRecord, info.Size()-tailSize) {
		return nil, fmt.Errorf("%w: no record at its end", errDamaged)
	}
	raw := make([]byte, length)
	if _, err := f.ReadAt(raw, info.Size()-tailSize-length); err != nil {
		return nil, err
	}
	if crc32.Checksum(raw, checksumTable()) != binary.LittleEndian.Uint32(tail[4:]) {
		return nil, fmt.Errorf("%w: checksum of the record", errDamaged)
	}
	r := &record{size: info.Size()}
	if err := json.Unmarshal(raw, r); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	content := int64(0)
	for _, file := range r.Files {
		content += file.Size
	}
	if r.ID != id.String() || content != info.Size()-tailSize-length {
		return nil, fmt.Errorf("%w: it is %q with %d bytes of content", errDamaged, r.ID, content)
	}
	return r, nil
}

// section returns the n-th file of an open blob, its checksum checked.
func (r *record) section(f *os.File, n int) (*io.SectionReader, error) {
	offset := int64(0)
	for _, file := range r.Files[:n] {
		offset += file.Size
	}
	s := io.NewSectionReader(f, offset, r.Files[n].Size)
	sum := crc32.New(checksumTable())
	if _, err := io.Copy(sum, s); err != nil {
		return nil, err
	}
	if sum.Sum32() != r.Files[n].Checksum {
		return nil, fmt.Errorf("%w: checksum of %s", errDamaged, r.Files[n].Name)
	}
	_, err := s.Seek(0, io.SeekStart)
	return s, err
}

// alone reports whether the blob is a single profile, not an event.
func (r *record) alone() bool { return r.Event == nil }

func (r *record) class() class {
	if r.alone() {
		return single
	}
	return event
}

// meta describes the n-th file, and returns false if it is no profile.
func (r *record) meta(id blobID, n int) (collector.Meta, bool) {
	file := &r.Files[n]
	m := collector.Meta{
		ID: profileID(id, n, r.alone()), Service: r.Service, Kind: file.Kind, Labels: r.Labels,
		CreatedAt: file.Created, Duration: file.Duration, Size: file.Size, File: file.Name, ReceivedAt: r.Received,
		Totals: file.Totals,
	}
	if r.Event != nil {
		m.Event = r.Event.ID
	}
	return m, file.Kind != ""
}

// metas describes all profiles.
func (r *record) metas(id blobID) []collector.Meta {
	var all []collector.Meta
	for n := range r.Files {
		if m, ok := r.meta(id, n); ok {
			all = append(all, m)
		}
	}
	return all
}

// event returns the summary of a blob that is an event.
func (r *record) event(id blobID) collector.Event {
	return r.Event.summary(r.Service, r.Labels, r.Received, r.metas(id))
}

func (e *eventRecord) summary(service string, labels collector.Labels, received time.Time, profiles []collector.Meta) collector.Event {
	return collector.Event{
		ID: e.ID, Service: service, State: e.State, Signal: e.Signal, Reason: e.Reason,
		Value: e.Value, Limit: e.Limit, Baseline: e.Baseline, At: e.At, Sentence: e.Sentence,
		Culprits: e.Culprits, Confident: e.Confident, Labels: labels, Profiles: profiles, ReceivedAt: received,
	}
}

// receipt returns the receipt of the blob.
func (r *record) receipt(id blobID, created bool) collector.Receipt {
	receipt := collector.Receipt{Created: created, Profiles: r.metas(id)}
	if r.Event != nil {
		receipt.Event = r.Event.ID
	}
	return receipt
}
