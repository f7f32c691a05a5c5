package files

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files/internal/segment"
)

// A row is found by its terms, which begin with one of these.
const (
	termClass   = "c=" // "p" for a profile, "e" for an event
	termService = "s="
	termKind    = "k=" // of each kind under which a profile is found
	termOwn     = "o=" // the kind that it was sent as, if it has several
	termEvent   = "v=" // the event that a profile belongs to
	termSignal  = "g="
	termState   = "t="
	termReason  = "r="
	termCulprit = "f="
	termLabel   = "l=" // key, a zero byte, value
	termTotals  = "y=" // type and unit of each total, a zero byte after each
)

const (
	profileRow = termClass + "p"
	eventRow   = termClass + "e"
)

func labelTerm(l collector.Label) string { return termLabel + l.Key + "\x00" + l.Value }

// rows returns the rows of a blob in the index: one for the event, if it is one,
// and one for each profile.
func (r *record) rows(id blobID) ([]segment.Row, error) {
	common := []string{termService + r.Service}
	for _, l := range r.Labels {
		common = append(common, labelTerm(l))
	}
	var rows []segment.Row
	if e := r.Event; e != nil {
		payload, err := json.Marshal(eventPayload{eventRecord: e, Key: r.Key, Received: r.Received, Bytes: onDisk(r.size)})
		if err != nil {
			return nil, fmt.Errorf("holmes: index: %w", err)
		}
		terms := slices.Concat(common, []string{eventRow, termSignal + e.Signal, termState + e.State, termReason + e.Reason})
		for _, function := range e.Culprits {
			terms = append(terms, termCulprit+function)
		}
		rows = append(rows, segment.Row{At: e.At.UnixNano(), Ref: id.ref(whole), Terms: terms, Payload: payload})
		common = append(common, termEvent+e.ID)
	}
	for n, file := range r.Files {
		if file.Kind == "" {
			continue
		}
		terms := slices.Concat(common, []string{profileRow})
		kinds := (&collector.Meta{Kind: file.Kind, Totals: file.Totals}).Kinds()
		for _, kind := range kinds {
			terms = append(terms, termKind+string(kind))
		}
		if len(kinds) > 1 {
			terms = append(terms, termOwn+string(file.Kind))
		}
		if file.Totals != nil {
			terms = append(terms, totalsTerm(file.Totals))
		}
		rows = append(rows, segment.Row{
			At: file.Created.UnixNano(), Ref: id.ref(n), Terms: terms, Payload: profilePayload(r, &file),
		})
	}
	return rows, nil
}

// The payload of an event's row is JSON: there are few of them.
type eventPayload struct {
	*eventRecord
	Key      string    `json:"key,omitempty"`
	Received time.Time `json:"received"`
	Bytes    int64     `json:"bytes,omitempty"` // of the blob, on disk
}

// totalsTerm names the totals of a profile, which many share. The row of a profile that
// was not added up has no such term.
func totalsTerm(totals []collector.Total) string {
	var term strings.Builder
	term.WriteString(termTotals)
	for _, t := range totals {
		term.WriteString(t.Type + "\x00" + t.Unit + "\x00")
	}
	return term.String()
}

// The payload of a profile's row holds the rest: size, duration, the time from its
// creation to its arrival, its name if that is not the usual one, of a single profile
// the key and the bytes that its blob takes on disk, and the values of its totals.
func profilePayload(r *record, file *fileRecord) []byte {
	p := binary.AppendUvarint(nil, uint64(file.Size))
	p = binary.AppendUvarint(p, uint64(file.Duration))
	p = binary.AppendVarint(p, r.Received.UnixNano()-file.Created.UnixNano())
	name := file.Name
	if name == file.Kind.File() {
		name = ""
	}
	p = appendString(p, name)
	if r.alone() {
		p = appendString(p, r.Key)
		p = binary.AppendUvarint(p, uint64(onDisk(r.size)))
	}
	for _, t := range file.Totals {
		p = binary.AppendVarint(p, t.Value)
	}
	return p
}

func appendString(p []byte, s string) []byte {
	return append(binary.AppendUvarint(p, uint64(len(s))), s...)
}

// errRow is the error of a malformed row. Since segments have checksums, it is a
// mistake of this package.
var errRow = errors.New("holmes: index: row is malformed")

// A payloadReader decodes a payload. After an error it returns zeros.
type payloadReader struct {
	rest []byte
	err  error
}

func (p *payloadReader) uvarint() uint64 {
	v, n := binary.Uvarint(p.rest)
	p.skip(n)
	return v
}

func (p *payloadReader) varint() int64 {
	v, n := binary.Varint(p.rest)
	p.skip(n)
	return v
}

func (p *payloadReader) string() string {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.rest, p.err = nil, errRow
		return ""
	}
	s := string(p.rest[:n])
	p.rest = p.rest[n:]
	return s
}

func (p *payloadReader) skipString() {
	n := p.uvarint()
	if n > uint64(len(p.rest)) {
		p.rest, p.err = nil, errRow
		return
	}
	p.rest = p.rest[n:]
}

func (p *payloadReader) skip(n int) {
	if n <= 0 {
		p.rest, p.err = nil, errRow
		return
	}
	p.rest = p.rest[n:]
}

// metaOf decodes the row of a profile, and the key of a single one.
func metaOf(dir uint64, row *segment.Row) (m collector.Meta, key string, err error) {
	p := payloadReader{rest: row.Payload}
	m = collector.Meta{
		CreatedAt: time.Unix(0, row.At).UTC(), Size: int64(p.uvarint()), Duration: time.Duration(p.uvarint()),
		ReceivedAt: time.Unix(0, row.At+p.varint()).UTC(), File: p.string(),
	}
	for _, term := range row.Terms {
		what, value := term[:len(termClass)], term[len(termClass):]
		switch what {
		case termService:
			m.Service = value
		case termKind, termOwn: // the latter comes later
			m.Kind = collector.Kind(value)
		case termEvent:
			m.Event = value
		case termLabel:
			m.Labels = append(m.Labels, labelOf(value))
		case termTotals:
			m.Totals = totalsOf(value)
		}
	}
	if m.File == "" {
		m.File = m.Kind.File()
	}
	if m.Event == "" {
		key = p.string()
		if len(p.rest) > 0 {
			p.uvarint() // bytes of the blob
		}
	}
	for i := range m.Totals {
		m.Totals[i].Value = p.varint()
	}
	id, part := fromRef(dir, row.Ref)
	m.ID = profileID(id, part, m.Event == "")
	return m, key, p.err
}

// totalsOf decodes the term of totals, without their values.
func totalsOf(value string) (totals []collector.Total) {
	for value != "" {
		var t collector.Total
		t.Type, value, _ = strings.Cut(value, "\x00")
		t.Unit, value, _ = strings.Cut(value, "\x00")
		totals = append(totals, t)
	}
	return totals
}

// eventOf decodes the row of an event, without its profiles.
func eventOf(row *segment.Row) (e collector.Event, key string, err error) {
	p := eventPayload{eventRecord: &eventRecord{}}
	if err := json.Unmarshal(row.Payload, &p); err != nil {
		return e, "", fmt.Errorf("%w: %w", errRow, err)
	}
	var service string
	var labels collector.Labels
	for _, term := range row.Terms {
		what, value := term[:len(termClass)], term[len(termClass):]
		switch what {
		case termService:
			service = value
		case termLabel:
			labels = append(labels, labelOf(value))
		}
	}
	return p.summary(service, labels, p.Received, nil), p.Key, nil
}

// labelOf decodes the term of a label. Sorted terms give sorted labels, since no
// key holds a zero byte.
func labelOf(value string) collector.Label {
	key, value, _ := strings.Cut(value, "\x00")
	return collector.Label{Key: key, Value: value}
}

// keyOf returns the key of a row's upload, or "".
func keyOf(dir uint64, row *segment.Row) (key string, err error) {
	if slices.Contains(row.Terms, eventRow) {
		_, key, err = eventOf(row)
	} else {
		_, key, err = metaOf(dir, row)
	}
	return key, err
}
