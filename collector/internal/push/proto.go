package push

import (
	"errors"
	"io"

	"github.com/go-holmes/holmes/internal/protowire"

	"github.com/go-holmes/holmes/collector"
)

// Proto reads a request in protocol buffers. What is not a request is a
// [collector.Error]; errors of src and of the sink are returned as they are.
func Proto(src io.Reader, to Sink) error {
	r := protowire.NewReader(src)
	err := each(r, func() error {
		if r.Field != 1 {
			return nil
		}
		return protoSeries(r.Message(), to)
	})
	for _, fault := range []error{protowire.ErrTruncated, protowire.ErrNumber, protowire.ErrType, protowire.ErrLength, errZero} {
		if errors.Is(err, fault) {
			return collector.Errorf(collector.Invalid, "not a PushRequest in protocol buffers: %w", err)
		}
	}
	return err
}

var errZero = errors.New("field of number 0")

// each visits the fields of a message to its end.
func each(r *protowire.Reader, visit func() error) error {
	for r.Next() {
		if r.Field == 0 {
			return errZero
		}
		if err := visit(); err != nil {
			return err
		}
	}
	return r.Err()
}

func protoSeries(r *protowire.Reader, to Sink) error {
	if err := to.Series(); err != nil {
		return err
	}
	err := each(r, func() error {
		switch r.Field {
		case 1:
			return protoLabel(r.Message(), to)
		case 2:
			return protoSample(r.Message(), to)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return to.EndSeries()
}

func protoLabel(r *protowire.Reader, to Sink) error {
	var name, value string
	err := each(r, func() (err error) {
		switch r.Field {
		case 1:
			name, err = text(r.Bytes())
		case 2:
			value, err = text(r.Bytes())
		}
		return err
	})
	if err != nil {
		return err
	}
	return to.Label(name, value)
}

func protoSample(r *protowire.Reader, to Sink) error {
	if err := to.Sample(); err != nil {
		return err
	}
	err := each(r, func() error {
		switch r.Field {
		case 1:
			return to.Profile(r.Bytes())
		case 2:
			id, err := text(r.Bytes())
			if err != nil {
				return err
			}
			return to.ID(id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return to.EndSample()
}

// text reads a string, or as much of it as is worth it.
func text(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, MaxText))
	return string(raw), err
}
