package push

import (
	"bufio"
	"io"
)

// JSON reads a request in JSON, in the form that protocol buffers have in it. Errors
// are those of [Proto].
func JSON(src io.Reader, to Sink) error {
	s := &scanner{in: bufio.NewReader(src)}
	if c, err := s.peek(); err != nil {
		return err
	} else if c != '{' {
		return notJSON("%q where an object is expected", c)
	}
	err := s.object(func(name string) error {
		if name != "series" {
			return s.skip()
		}
		return s.array(func() error { return s.series(to) })
	})
	if err != nil {
		return err
	}
	return s.end()
}

func (s *scanner) series(to Sink) error {
	if err := to.Series(); err != nil {
		return err
	}
	err := s.object(func(name string) error {
		switch name {
		case "labels":
			return s.array(func() error { return s.label(to) })
		case "samples":
			return s.array(func() error { return s.sample(to) })
		}
		return s.skip()
	})
	if err != nil {
		return err
	}
	return to.EndSeries()
}

func (s *scanner) label(to Sink) error {
	var name, value string
	err := s.object(func(field string) (err error) {
		switch field {
		case "name":
			name, err = s.optional()
		case "value":
			value, err = s.optional()
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil {
		return err
	}
	return to.Label(name, value)
}

func (s *scanner) sample(to Sink) error {
	if err := to.Sample(); err != nil {
		return err
	}
	err := s.object(func(name string) error {
		switch name {
		case "rawProfile", "raw_profile":
			return s.profile(to)
		case "ID":
			id, err := s.optional()
			if err != nil {
				return err
			}
			return to.ID(id)
		}
		return s.skip()
	})
	if err != nil {
		return err
	}
	return to.EndSample()
}

func (s *scanner) profile(to Sink) error {
	if null, err := s.null(); null || err != nil {
		return err
	}
	return s.stream(func(characters io.Reader) error { return to.Profile(newFromBase64(characters)) })
}
