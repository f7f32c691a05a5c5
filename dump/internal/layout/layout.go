// Package layout holds the names of the files and directories that package dump
// makes, and tells them from those of others.
package layout

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"
)

// ErrName is the error of [CheckName] and [CheckID].
var ErrName = errors.New("bad name")

// IDLayout is the layout of the time that an event id starts with.
const IDLayout = "20060102T150405.000000000Z"

// maxName bounds ids and file names, in bytes. It leaves room for what the
// store puts around them in the 255 bytes that file systems allow.
const maxName = 128

// The names of the store's own files start with a dot. The names of callers do
// not.
const (
	// LockName is the directory lock.
	LockName = ".lock"
	// ProbeName is made and removed to see whether the directory is writable.
	ProbeName = ".holmes-probe"
	// SumsName holds the checksums of an open event, SealName those of a closed
	// one.
	SumsName = ".sums"
	SealName = ".sealed"
	// DisposableName, RoutineName and DamagedName say what an event is.
	DisposableName = ".disposable"
	RoutineName    = ".routine"
	DamagedName    = ".damaged"

	// OwnerPrefix is followed by a token, LatestPrefix by the slug of what the event is
	// the latest of, the others by the slug of a reporter.
	OwnerPrefix  = ".owner-"
	LatestPrefix = ".latest-"
	// ReporterPrefix is that of a file beside the events.
	ReporterPrefix = ".reporter-"
	WaitPrefix     = ".to-"
	SentPrefix     = ".sent-"
	RefusedPrefix  = ".refused-"

	tempSuffix = ".tmp"
	goneSuffix = ".gone"
	lockSuffix = ".lock"
)

// TempName is the name of a file while it is being written. There is one for
// each file, so that two writers of the same file exclude each other.
func TempName(name string) string { return "." + name + tempSuffix }

// GoneName is the name of an event while it is being removed.
func GoneName(id string) string { return "." + id + goneSuffix }

// OwnerLock is the name of the lock of an owner while it lives.
func OwnerLock(token string) string { return OwnerPrefix + token + lockSuffix }

// maxSlug bounds a slug.
const maxSlug = 48

// Slug is a name, such as a reporter's, as a part of a file name. Two names have two
// slugs.
func Slug(name string) string {
	s := strings.Map(func(r rune) rune {
		if foreignRune(r) {
			return '_'
		}
		return r
	}, name)
	if s == name && len(s) <= maxSlug && s != "" {
		return s
	}
	return fmt.Sprintf("%s~%08x", s[:min(len(s), maxSlug)], crc32.Checksum([]byte(name), crc32.MakeTable(crc32.Castagnoli)))
}

// CheckName returns [ErrName] unless name can be a file of an event.
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: empty", ErrName)
	case len(name) > maxName:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrName, len(name), maxName)
	case name[0] == '.':
		return fmt.Errorf("%w: %q starts with a dot", ErrName, name)
	case strings.ContainsFunc(name, foreignRune):
		return fmt.Errorf("%w: %q has characters other than [A-Za-z0-9._-]", ErrName, name)
	case !filepath.IsLocal(name): // the device names of Windows
		return fmt.Errorf("%w: %q is reserved by the system", ErrName, name)
	}
	return nil
}

func foreignRune(r rune) bool {
	switch {
	case 'A' <= r && r <= 'Z', 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return false
	}
	return r != '.' && r != '_' && r != '-'
}

// CheckID returns [ErrName] unless id can be an event. The form is strict because
// it alone decides which directories the store may remove.
func CheckID(id string) error {
	if err := CheckName(id); err != nil {
		return err
	}
	if len(id) < len(IDLayout)+2 || id[len(IDLayout)] != '-' {
		return fmt.Errorf("%w: event id %q is not of the form %s-suffix", ErrName, id, IDLayout)
	}
	if _, err := time.Parse(IDLayout, id[:len(IDLayout)]); err != nil {
		return fmt.Errorf("%w: event id %q: %w", ErrName, id, err)
	}
	return nil
}

// TimeOf returns the time in an event's id.
func TimeOf(id string) time.Time {
	at, _ := time.Parse(IDLayout, id[:min(len(id), len(IDLayout))])
	return at
}

// TempOf returns the file that has that name, in an event's directory, while it is
// being written.
func TempOf(name string) (file string, ok bool) {
	file, ok = between(name, tempSuffix)
	return file, ok && CheckName(file) == nil
}

// IsTemp reports whether name, in an event's directory, is a file that was
// never finished.
func IsTemp(name string) bool {
	_, ok := TempOf(name)
	return ok
}

// EventOf returns the event whose removal was cut short under that name.
func EventOf(name string) (id string, ok bool) {
	id, ok = between(name, goneSuffix)
	return id, ok && CheckID(id) == nil
}

// OwnerOf returns the token of the owner whose lock has that name.
func OwnerOf(name string) (token string, ok bool) {
	token, pre := strings.CutPrefix(name, OwnerPrefix)
	token, post := strings.CutSuffix(token, lockSuffix)
	return token, pre && post && IsToken(token)
}

// RecordLength is the size of the directory lock, which has a record of what the
// directory holds.
const RecordLength = 32

// TokenLength is the length of a number of 64 bits in hexadecimal.
const TokenLength = 16

// NewToken returns a token that no other owner has.
func NewToken() string { return fmt.Sprintf("%0*x", TokenLength, rand.Uint64()) }

// IsToken reports whether token has the form of an owner's token.
func IsToken(token string) bool {
	return len(token) == TokenLength && strings.Trim(token, "0123456789abcdef") == ""
}

// between returns what is left of name without a leading dot and the suffix.
func between(name, suffix string) (string, bool) {
	name, dot := strings.CutPrefix(name, ".")
	name, end := strings.CutSuffix(name, suffix)
	return name, dot && end
}
