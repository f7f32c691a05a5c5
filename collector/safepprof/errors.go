package safepprof

import (
	"cmp"
	"fmt"

	"github.com/go-holmes/holmes/collector"
)

// A What names the limit that a profile passes.
type What string

// The limits that a profile can pass.
const (
	Body     What = "body"
	Inflated What = "inflated"
	Decoded  What = "decoded"
	Ratio    What = "ratio" // of inflated to body
)

// A TooLargeError says that a profile passes a limit. It is in the chain of a
// [collector.Error] of code [collector.TooLarge].
type TooLargeError struct {
	What  What
	Limit int64 // in bytes, that of Ratio a factor
	// Of is what passes it: "request" for what [Inflate] reads, and "" for a
	// profile.
	Of string
}

func (e *TooLargeError) Error() string {
	of := cmp.Or(e.Of, "profile")
	switch e.What {
	case Body:
		return fmt.Sprintf("the %s is larger than %s", of, size(e.Limit))
	case Inflated:
		return fmt.Sprintf("the %s inflates to more than %s", of, size(e.Limit))
	case Decoded:
		return fmt.Sprintf("the %s would decode to more than %s", of, size(e.Limit))
	default:
		return fmt.Sprintf("the %s inflates to more than %d times its size", of, e.Limit)
	}
}

func size(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}

// A NotProfileError says why some bytes are no profile, or none that a profiler
// writes. It is in the chain of a [collector.Error] of code
// [collector.Invalid].
type NotProfileError struct {
	Reason string
}

func (e *NotProfileError) Error() string { return "not a profile: " + e.Reason }

// NotProfile returns a [NotProfileError] in a [collector.Error], for packages that
// check more of a profile than a [Checker] does.
func NotProfile(format string, args ...any) error {
	return collector.Errorf(collector.Invalid, "%w", &NotProfileError{Reason: fmt.Sprintf(format, args...)})
}

func tooLarge(what What, limit int64) error {
	return collector.Errorf(collector.TooLarge, "%w", &TooLargeError{What: what, Limit: limit})
}

// errIdle is returned for gzip that is larger than what it inflates to.
var errIdle = NotProfile("gzip that inflates to less than its size")
