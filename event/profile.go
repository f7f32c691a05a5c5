package event

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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
	// KindMutex is where locks were held while others waited for them, and how
	// long those waited: what was added to the mutex profile during the event.
	KindMutex Kind = "mutex"
	// KindBlock is where goroutines waited, and for how long: what was added to
	// the block profile during the event. It needs the option WithBlockProfile.
	KindBlock Kind = "block"
)

// File returns the name of the file of that kind in an event directory, such as
// "cpu.pb.gz" or "trace.out". Further files of a kind have a suffix: "heap-2.pb.gz".
func (k Kind) File() string {
	if k == KindTrace {
		return "trace.out"
	}
	return string(k) + ".pb.gz"
}

// viewer is the command that shows a profile of the kind.
func (k Kind) viewer() string {
	if k == KindTrace {
		return "go tool trace"
	}
	return "go tool pprof"
}

// KindOf returns the kind of a profile by the name of its file, and false for a name
// that is not of a profile.
func KindOf(file string) (Kind, bool) {
	if file == KindTrace.File() {
		return KindTrace, true
	}
	name, ok := strings.CutSuffix(file, ".pb.gz")
	kind, _, _ := strings.Cut(name, "-")
	switch k := Kind(kind); k {
	case KindCPU, KindHeap, KindGoroutine, KindThreadcreate, KindMutex, KindBlock:
		return k, ok
	default:
		return "", false
	}
}

// A Profile is one profile of an event, or the reason why it is missing.
type Profile struct {
	Kind Kind
	// Start and Duration are the time that the profile covers. A snapshot (heap,
	// goroutine, threadcreate) has no duration.
	Start    time.Time
	Duration time.Duration
	// File is the name in the event's directory, for example "cpu.pb.gz". There may
	// be a series of goroutine profiles, "goroutine.pb.gz" to "goroutine-10.pb.gz".
	File string
	// Path is the path of the file, and empty if the disk refused it and the
	// profile is in memory. [Profile.Open] reads both.
	Path string
	// Note is what a reader must know, for example that the profile was taken after
	// a collection, or that another profiler was running.
	Note string
	// Err is why the profile is missing; event.json has it in the note.
	Err error

	data []byte // the content if it is not on disk
}

// errNoContent is returned by [Profile.Open] for a missing profile without a reason.
var errNoContent = errors.New("holmes: the profile has no content")

// Open returns the content of the profile, from disk or from memory. It returns Err
// if the profile is missing, and an error if the file is no regular one.
func (p *Profile) Open() (io.ReadCloser, error) {
	switch {
	case p.Path != "":
		f, err := openRegular(p.Path)
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

// ReadAll returns the content of the profile, or an error if it is larger than most
// bytes.
func (p *Profile) ReadAll(most int64) ([]byte, error) {
	f, err := p.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(raw)) > most {
		err = fmt.Errorf("holmes: %s is larger than the limit of %d MiB", p.File, most>>20)
	}
	return raw, err
}

// MemoryProfile returns a profile in memory, as an event has it if the disk refused
// the file. Tests of reporters use it.
func MemoryProfile(kind Kind, file string, content []byte) Profile {
	return Profile{Kind: kind, File: file, data: content}
}

// Captured reports whether the profile has content, which [Profile.Open] returns.
func (p *Profile) Captured() bool { return p.Path != "" || p.data != nil }

// Content returns the content of a profile in memory, and nil for a profile on disk.
func (p *Profile) Content() []byte { return p.data }

// SetContent sets where the content is: in the file at path, or in memory if path is
// empty. The profile keeps the slice.
func (p *Profile) SetContent(path string, content []byte) { p.Path, p.data = path, content }

// Profile returns the longest captured profile of a kind, the last one of several
// without a duration, or nil if there is none: of two heap profiles the one after a
// collection.
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
