package dump

import (
	"fmt"
	"hash/crc32"
	"path/filepath"
	"strings"
	"time"
)

// IDLayout is the layout, in UTC, of the time that an event id starts with. A
// dash and at least one more character follow it:
//
//	id := at.UTC().Format(dump.IDLayout) + "-" + suffix
const IDLayout = "20060102T150405.000000000Z"

// maxName bounds ids and file names, in bytes. It leaves room for what the
// store puts around them in the 255 bytes that file systems allow.
const maxName = 128

// The names that the store itself uses start with a dot, which no name of a
// caller does.
const (
	turnName       = ".lock"
	probeName      = ".holmes-probe"
	sumsName       = ".sums"
	sealName       = ".sealed"
	disposableName = ".disposable"
	damagedName    = ".damaged"

	ownerPrefix   = ".owner-"
	waitPrefix    = ".to-"
	sentPrefix    = ".sent-"
	refusedPrefix = ".refused-"

	tempSuffix = ".tmp"
	goneSuffix = ".gone"
	lockSuffix = ".lock"
)

// tempName is the name of a file while it is being written. There is one for
// each file, so that two writers of the same file exclude each other.
func tempName(name string) string { return "." + name + tempSuffix }

// goneName is the name of an event while it is being removed.
func goneName(id string) string { return "." + id + goneSuffix }

// ownerLock is the name of the lock of an owner while it lives.
func ownerLock(token string) string { return ownerPrefix + token + lockSuffix }

// maxSlug bounds a reporter's part of a file name.
const maxSlug = 48

// slug is the name of a reporter as a part of a file name. Two names have two
// slugs.
func slug(name string) string {
	s := strings.Map(func(r rune) rune {
		if foreignRune(r) {
			return '_'
		}
		return r
	}, name)
	if s == name && len(s) <= maxSlug && s != "" {
		return s
	}
	return fmt.Sprintf("%s~%08x", s[:min(len(s), maxSlug)], crc32.Checksum([]byte(name), castagnoli()))
}

// checkName returns an error unless name can be a file of an event.
func checkName(name string) error {
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

// checkID returns an error unless id can be an event. The form is strict
// because it alone decides which directories are ours to remove.
func checkID(id string) error {
	if err := checkName(id); err != nil {
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

// timeOf returns the time in an event's id.
func timeOf(id string) time.Time {
	at, _ := time.Parse(IDLayout, id[:min(len(id), len(IDLayout))])
	return at
}

// isTemp reports whether name, in an event's directory, is a file that was
// never finished.
func isTemp(name string) bool {
	file, ok := between(name, tempSuffix)
	return ok && checkName(file) == nil
}

// eventOf returns the event that a name with that suffix is about.
func eventOf(name, suffix string) (id string, ok bool) {
	id, ok = between(name, suffix)
	return id, ok && checkID(id) == nil
}

// ownerOf returns the owner whose lock bears the name.
func ownerOf(name string) (token string, ok bool) {
	token, pre := strings.CutPrefix(name, ownerPrefix)
	token, post := strings.CutSuffix(token, lockSuffix)
	return token, pre && post && checkToken(token)
}

// tokenLength is that of a number of 64 bits in hexadecimal.
const tokenLength = 16

func checkToken(token string) bool {
	return len(token) == tokenLength && strings.Trim(token, "0123456789abcdef") == ""
}

// between returns what is left of name without a leading dot and the suffix.
func between(name, suffix string) (string, bool) {
	name, dot := strings.CutPrefix(name, ".")
	name, end := strings.CutSuffix(name, suffix)
	return name, dot && end
}
