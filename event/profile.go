package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A Kind names a kind of profile, as runtime/pprof and runtime/trace do.
type Kind string

// The kinds of profile that an event can hold.
const (
	KindCPU          Kind = "cpu"
	KindHeap         Kind = "heap"
	KindGoroutine    Kind = "goroutine"
	KindThreadcreate Kind = "threadcreate"
	// KindTrace is an execution trace, for `go tool trace`.
	KindTrace Kind = "trace"
	// KindMutex is who made others wait for locks, and for how long: what was
	// added to the process's mutex profile during the event.
	KindMutex Kind = "mutex"
	// KindBlock is who waited, and for how long, added during the event. It
	// needs [WithBlockProfile].
	KindBlock Kind = "block"
)

// allKinds lists every kind of profile.
var allKinds = []Kind{KindCPU, KindHeap, KindGoroutine, KindThreadcreate, KindTrace, KindMutex, KindBlock}

// File returns the name of the first file of the kind in an event directory:
// "cpu.pb.gz", "trace.out".
func (k Kind) File() string {
	if k == KindTrace {
		return "trace.out"
	}
	return string(k) + ".pb.gz"
}

// KindOf returns the kind of profile that a file holds by its name, such as
// "heap-2.pb.gz".
func KindOf(file string) (Kind, bool) {
	if file == KindTrace.File() {
		return KindTrace, true
	}
	name, ok := strings.CutSuffix(file, ".pb.gz")
	kind, _, _ := strings.Cut(name, "-")
	return Kind(kind), ok && kind != string(KindTrace) && slices.Contains(allKinds, Kind(kind))
}

// A Profile is one piece of evidence: a file, or the reason why there is none.
type Profile struct {
	Kind Kind
	// Start and Duration are the time that the profile speaks of. A snapshot
	// (heap, goroutine, threadcreate) has no duration.
	Start    time.Time
	Duration time.Duration
	// File is the name inside the event, for example "cpu.pb.gz". Of goroutines
	// there may be a series, "goroutine.pb.gz" to "goroutine-10.pb.gz".
	File string
	// Path is where the file lies, and empty when the disk refused it and
	// the profile is held in memory. Read it through [Profile.Open].
	Path string
	// Note is what a reader must know: that the profile was taken after a
	// collection, that another profiler was in the way.
	Note string
	// Err is why there is no file; Note says the same in event.json.
	Err error

	data []byte // the content when it is not on disk
}

// errNoContent is returned by [Profile.Open] when the capture failed and left
// no reason.
var errNoContent = errors.New("holmes: the profile has no content")

// Open returns the profile's bytes, from disk or from memory. It fails with
// Err when the capture failed.
func (p *Profile) Open() (io.ReadCloser, error) {
	switch {
	case p.Path != "":
		f, err := os.Open(p.Path)
		if err != nil {
			return nil, fmt.Errorf("holmes: open profile: %w", err)
		}
		return f, nil
	case p.data != nil:
		return io.NopCloser(bytes.NewReader(p.data)), nil
	case p.Err != nil:
		return nil, p.Err
	default:
		return nil, errNoContent
	}
}

// ReadAll returns all of the profile, if it is not larger than most bytes.
func (p *Profile) ReadAll(most int64) ([]byte, error) {
	f, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("holmes: %s is larger than %d MiB, which is not read into memory", p.File, most>>20)
	}
	return raw, err
}

// MemoryProfile returns a profile that is held in memory, as an event has it
// when the disk refused the evidence. Tests of reporters use it.
func MemoryProfile(kind Kind, file string, content []byte) Profile {
	return Profile{Kind: kind, File: file, data: content}
}

// Captured reports whether the profile has content to [Profile.Open].
func (p *Profile) Captured() bool { return p.Path != "" || p.data != nil }

// Content returns the bytes of a profile that is held in memory, nil for one on
// disk.
func (p *Profile) Content() []byte { return p.data }

// Place says where the profile is: in a file, or in memory where path is empty.
func (p *Profile) Place(path string, content []byte) { p.Path, p.data = path, content }

// Profile returns the captured profile of a kind that says most, or nil if
// there is none: of two heap profiles the one that was taken after a
// collection, of a series of goroutine profiles the last.
func (e *Event) Profile(k Kind) *Profile {
	var best *Profile
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if p.Kind == k && p.Captured() && (best == nil || p.Duration >= best.Duration) {
			best = p
		}
	}
	return best
}
