package blackbox

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// The file is a header, then the slots of the ring of samples, then those of
// the ring of events. All of it is words in the byte order of the
// machine: only the same kind of machine reads it, and the magic word shows whether
// it is.
const (
	magic   uint64 = 0x78_6f_62_73_6d_6c_6f_68 // "holmsbox", little endian
	version uint64 = 1

	wordSize    = 8
	headerWords = 512 // one page, so that no slot crosses one
	headerSize  = headerWords * wordSize
	slotWords   = 32
	slotSize    = slotWords * wordSize

	maxSlots = 16384 // 4 MiB
	maxSize  = headerSize + maxSlots*slotSize
)

// The words of the header.
const (
	wordMagic = iota
	wordVersion
	wordSamples // slots of the first ring
	wordEvents  // and of the second
	wordInterval
	wordWall // of the start
	wordUptime
	wordPID
	wordProcessStart
	wordNamespace
	wordBoot
	wordHeaderSum = wordBoot + 6
	// The one word that changes, outside of the checksum: when the box was
	// closed, in nanoseconds after its start, plus one.
	wordClosed = wordHeaderSum + 1
)

// The part of the header that came later, which readers of its first form skip: what
// the owner is called, under a checksum of its own, and two more words that change.
const (
	wordPanicked  = wordClosed + 1 // 1: closed while a panic was unwinding the stack
	wordEarlier   = wordClosed + 2 // see Header.Earlier
	wordLabelsSum = wordClosed + 3
	wordLabels    = wordLabelsSum + 1 // "key=value\n", the keys sorted, to the end of the header
)

// A Header identifies the owner of a box.
type Header struct {
	// Start is when the box was made, by the wall clock.
	Start time.Time
	// Uptime is the same as time since the machine booted, as in the kernel's
	// log; to 10 ms, 0 if unknown.
	Uptime time.Duration
	// Interval is the time between two samples that the box was made for.
	Interval time.Duration
	// PID is the process, in its own namespace.
	PID int
	// ProcessStart is when the process began, in clock ticks since boot; 0 if
	// unknown. Together with BootID and PID it identifies a process.
	ProcessStart uint64
	// Namespace is the PID namespace's number; 0 if unknown.
	Namespace uint64
	// BootID names the run of the machine; empty if unknown.
	BootID string
	// Samples and Events are the sizes of the rings, in records.
	Samples, Events int
	// Labels are what the owner is called: its service, instance and version. Labels
	// that the header has no room for, some 3 KB, are missing.
	Labels map[string]string
	// Earlier is how many older runs had ended without [Box.Close] and were dropped
	// unreported when the box was made.
	Earlier uint64
}

func (h *Header) encode(w []uint64) {
	w[wordMagic] = magic
	w[wordVersion] = version
	w[wordSamples] = uint64(h.Samples)
	w[wordEvents] = uint64(h.Events)
	w[wordInterval] = uint64(h.Interval)
	w[wordWall] = uint64(h.Start.UnixNano())
	w[wordUptime] = uint64(h.Uptime)
	w[wordPID] = uint64(h.PID)
	w[wordProcessStart] = h.ProcessStart
	w[wordNamespace] = h.Namespace
	copy(asBytes(w[wordBoot:wordHeaderSum]), h.BootID)
	w[wordHeaderSum] = checksum(0, w[:wordHeaderSum])
	w[wordEarlier] = h.Earlier
	encodeLabels(asBytes(w[wordLabels:headerWords]), h.Labels)
	w[wordLabelsSum] = checksum(0, w[wordLabels:headerWords])
}

// noBreaks is a strings.Replacer, which net/http has too, for strings.ReplaceAll is 4 KB.
var noBreaks = strings.NewReplacer("\n", " ")

// encodeLabels writes labels to room, as many as it holds. A line break would end a
// label, and becomes a space.
func encodeLabels(room []byte, labels map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		line := noBreaks.Replace(k+"="+labels[k]) + "\n"
		if len(line) <= len(room) {
			room = room[copy(room, line):]
		}
	}
}

// decodeLabels returns the labels of a header, nil if there are none or they are
// damaged.
func decodeLabels(w []uint64) map[string]string {
	if w[wordLabelsSum] != checksum(0, w[wordLabels:headerWords]) {
		return nil
	}
	labels := map[string]string{}
	for line := range strings.Lines(text(asBytes(w[wordLabels:headerWords]))) {
		if k, v, ok := strings.Cut(line, "="); ok {
			labels[k] = strings.TrimSuffix(v, "\n")
		}
	}
	return labels
}

// decodeHeader checks and decodes a header. Its values need not be true.
func decodeHeader(w []uint64) (*Header, error) {
	switch {
	case w[wordMagic] != magic:
		return nil, fmt.Errorf("%w: the magic word is missing", ErrFormat)
	case w[wordVersion] != version:
		return nil, fmt.Errorf("%w: version %d, and this is %d", ErrVersion, w[wordVersion], version)
	case w[wordHeaderSum] != checksum(0, w[:wordHeaderSum]):
		return nil, fmt.Errorf("%w: its header is damaged", ErrFormat)
	case w[wordSamples] > maxSlots || w[wordEvents] > maxSlots-w[wordSamples]:
		return nil, fmt.Errorf("%w: %d and %d records, of at most %d", ErrFormat, w[wordSamples], w[wordEvents], maxSlots)
	}
	return &Header{
		Start:        time.Unix(0, int64(w[wordWall])),
		Uptime:       time.Duration(w[wordUptime]),
		Interval:     time.Duration(w[wordInterval]),
		PID:          int(w[wordPID]),
		ProcessStart: w[wordProcessStart],
		Namespace:    w[wordNamespace],
		BootID:       strings.TrimRight(text(asBytes(w[wordBoot:wordHeaderSum])), "\x00"),
		Samples:      int(w[wordSamples]),
		Events:       int(w[wordEvents]),
		Labels:       decodeLabels(w),
		Earlier:      w[wordEarlier],
	}, nil
}

// words returns how many words a box with this header has.
func (h *Header) words() int { return headerWords + (h.Samples+h.Events)*slotWords }

// asBytes returns the same memory as bytes.
func asBytes(w []uint64) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w))), len(w)*wordSize)
}

// toWords copies bytes to words. An incomplete last word is dropped.
func toWords(data []byte) []uint64 {
	w := make([]uint64, len(data)/wordSize)
	for i := range w {
		w[i] = binary.NativeEndian.Uint64(data[i*wordSize:])
	}
	return w
}
