package reporters

import (
	"strings"

	"github.com/go-holmes/holmes"
)

// An outcome is what has become of several deliveries that are one to holmes.
// Those that no retry will mend do not keep the others back.
type outcome struct {
	refused refusals
}

// add takes note of one result. It returns an error that ends the whole: one
// that a retry may mend.
func (o *outcome) add(err error) error {
	if err == nil {
		return nil
	}
	if !holmes.IsPermanent(err) {
		return err
	}
	o.refused = append(o.refused, err)
	return nil
}

// err returns what was refused, as one permanent error, or nil.
func (o *outcome) err() error {
	switch len(o.refused) {
	case 0:
		return nil
	case 1:
		return o.refused[0]
	default:
		return holmes.Permanent(o.refused)
	}
}

// Refusals are several errors in one line.
type refusals []error

func (r refusals) Error() string {
	words := make([]string, len(r))
	for i, err := range r {
		words[i] = err.Error()
	}
	return strings.Join(words, "; ")
}

func (r refusals) Unwrap() []error { return r }
