package reporters

import (
	"strings"

	"github.com/go-holmes/holmes"
)

// An outcome is the result of several deliveries that are one to holmes. A
// permanent error does not stop the others.
type outcome struct {
	permanent permanentErrors
}

// add adds one result. It returns an error that is not permanent, which ends the
// delivery.
func (o *outcome) add(err error) error {
	if err == nil {
		return nil
	}
	if !holmes.IsPermanent(err) {
		return err
	}
	o.permanent = append(o.permanent, err)
	return nil
}

// err returns all permanent errors as one, or nil.
func (o *outcome) err() error {
	switch len(o.permanent) {
	case 0:
		return nil
	case 1:
		return o.permanent[0]
	default:
		return holmes.Permanent(o.permanent)
	}
}

// permanentErrors are several errors in one line.
type permanentErrors []error

func (r permanentErrors) Error() string {
	words := make([]string, len(r))
	for i, err := range r {
		words[i] = err.Error()
	}
	return strings.Join(words, "; ")
}

func (r permanentErrors) Unwrap() []error { return r }
