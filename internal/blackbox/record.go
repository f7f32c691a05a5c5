package blackbox

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// A Kind says what a [Record] is about.
type Kind uint8

const (
	// KindSample is a reading of everything, at a tick.
	KindSample Kind = iota + 1
	// KindState is a change of holmes's own state, such as "mem suspected".
	KindState
	// KindEvent is something that happened to an event of holmes.
	KindEvent
)

// String returns "sample", "state" or "event".
func (k Kind) String() string {
	switch k {
	case KindSample:
		return "sample"
	case KindState:
		return "state"
	case KindEvent:
		return "event"
	}
	return "unknown"
}

// A Sample has the readings of one moment. Zero means that a value is unknown.
type Sample struct {
	// CPU is in percent of the cores that the process may use.
	CPU float64
	// Memory is the memory that counts against MemoryLimit, above which the
	// kernel kills.
	Memory, MemoryLimit uint64 // bytes
	// HeapLive is the live heap of the last collection, HeapGoal the goal of the
	// next one.
	HeapLive, HeapGoal uint64 // bytes
	Goroutines         uint64
	Threads            uint64
	// GCCycles counts the finished collections since the start.
	GCCycles uint64
	// Extra is for values of the caller.
	Extra [4]float64
}

// A Record is one entry of a box.
type Record struct {
	// Seq counts the records of a box from 1.
	Seq uint64
	// At is the time by the wall clock, Since the same after [Header.Start]
	// by the monotonic one.
	At    time.Time
	Since time.Duration
	Kind  Kind
	// Sample is set for KindSample.
	Sample Sample
	// ID is the event's, and set for KindEvent.
	ID string
	// Text is set for KindState and KindEvent, and may have been cut.
	Text string
}

// The words of a slot. The sequence number is written last, and is zero while
// the rest is written.
const (
	slotSeq = iota
	slotSum
	slotSince
	slotWall
	slotShape // kind, length of the id, length of the text, a byte each
	slotBody

	sampleWords = 12
	bodySize    = (slotWords - slotBody) * wordSize
	// maxID leaves at least 88 bytes to the text.
	maxID = 128
)

func shape(k Kind, id, text int) uint64 { return uint64(k) | uint64(id)<<8 | uint64(text)<<16 }

// encode writes a sample to a slot and returns the end of the words it used.
func (s *Sample) encode(w *[slotWords]uint64) int {
	w[slotShape] = shape(KindSample, 0, 0)
	w[slotBody] = math.Float64bits(s.CPU)
	w[slotBody+1] = s.Memory
	w[slotBody+2] = s.MemoryLimit
	w[slotBody+3] = s.HeapLive
	w[slotBody+4] = s.HeapGoal
	w[slotBody+5] = s.Goroutines
	w[slotBody+6] = s.Threads
	w[slotBody+7] = s.GCCycles
	for i, v := range &s.Extra {
		w[slotBody+8+i] = math.Float64bits(v)
	}
	return slotBody + sampleWords
}

func decodeSample(w []uint64) (s Sample) {
	s.CPU = math.Float64frombits(w[0])
	s.Memory, s.MemoryLimit = w[1], w[2]
	s.HeapLive, s.HeapGoal = w[3], w[4]
	s.Goroutines, s.Threads, s.GCCycles = w[5], w[6], w[7]
	for i := range s.Extra {
		s.Extra[i] = math.Float64frombits(w[8+i])
	}
	return s
}

// encodeText writes an id and a text to a slot, each cut at a rune to what fits, and
// returns the end of the words it used.
func encodeText(w *[slotWords]uint64, k Kind, id, text string) int {
	id = cut(id, maxID)
	text = cut(text, bodySize-len(id))
	w[slotShape] = shape(k, len(id), len(text))
	end := slotBody + (len(id)+len(text)+wordSize-1)/wordSize
	if end > slotBody {
		w[end-1] = 0 // the rest of the last word
	}
	body := asBytes(w[slotBody:])
	copy(body[copy(body, id):], text)
	return end
}

// cut shortens s to at most n bytes, at the border of a rune.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// decodeRecord reads a slot. It returns nil for a torn one.
func decodeRecord(w []uint64) *Record {
	kind := Kind(w[slotShape])
	id, end := int(w[slotShape]>>8&0xff), int(w[slotShape]>>16&0xff)
	end += id
	used := slotBody + (end+wordSize-1)/wordSize
	if kind == KindSample {
		used = slotBody + sampleWords
	}
	if w[slotSeq] == 0 || used > slotWords || w[slotSum] != checksum(w[slotSeq], w[slotSince:used]) {
		return nil
	}
	r := &Record{Seq: w[slotSeq], At: time.Unix(0, int64(w[slotWall])), Since: time.Duration(w[slotSince]), Kind: kind}
	switch kind {
	case KindSample:
		r.Sample = decodeSample(w[slotBody:])
	default:
		body := asBytes(w[slotBody:])
		r.ID, r.Text = text(body[:id]), text(body[id:end])
	}
	return r
}

// text copies bytes that should be text.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }
