package reporters

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes"
)

// FromEnv is the collector that environment variables name, as a reporter called
// "collector", so that an operator changes it without a new build:
//
//	HOLMES_COLLECTOR             its URL; without it there is none
//	HOLMES_COLLECTOR_TOKEN_FILE  a file with its token; see [WithTokenFile]
//	HOLMES_COLLECTOR_CA_FILE     see [WithCAFile]
//	HOLMES_COLLECTOR_TIMEOUT     see [WithTimeout]
//	HOLMES_COLLECTOR_PLAIN_HTTP  see [WithPlainHTTP]
//
// White space around a value does not count. A wrong value is an error of [holmes.New]
// that names the variable and the value, also without a collector; of several, all are
// named. The options count for the collector before the variables.
//
//	h, err := holmes.New(holmes.FromEnv(), reporters.FromEnv())
func FromEnv(opts ...HTTPOption) holmes.Option {
	return holmes.WithReporterFunc("collector", func() (holmes.Reporter, error) {
		name := "HOLMES_COLLECTOR"
		more, err := fromEnv(name)
		url := variable(name)
		if url == "" {
			return nil, err
		}
		r, wrong := NewCollector(url, slices.Concat(opts, more)...)
		if wrong != nil {
			if !strings.ContainsAny(url, "@?") { // which may be beside a secret
				name += fmt.Sprintf("=%q", url)
			}
			err = errors.Join(err, fmt.Errorf("%s: %w", name, wrong))
		}
		return r, err
	})
}

func variable(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// fromEnv returns the options that variables beginning with a name set, and what is
// wrong with each of the others.
func fromEnv(name string) (opts []HTTPOption, err error) {
	for _, v := range []struct {
		suffix string
		read   func(string) (HTTPOption, error)
	}{
		{"_CA_FILE", func(v string) (HTTPOption, error) { return WithCAFile(v), nil }},
		{"_PLAIN_HTTP", func(v string) (HTTPOption, error) {
			on, err := strconv.ParseBool(v)
			return httpOption(func(s *settings) { s.http.PlainHTTP = on }), err
		}},
		{"_TIMEOUT", func(v string) (HTTPOption, error) {
			d, err := time.ParseDuration(v)
			return WithTimeout(d), err
		}},
		{"_TOKEN_FILE", func(v string) (HTTPOption, error) { return WithTokenFile(v), nil }},
	} {
		value := variable(name + v.suffix)
		if value == "" {
			continue
		}
		o, wrong := v.read(value)
		if wrong == nil {
			_, wrong = NewCollector("https://localhost", o) // which checks the value
		}
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("%s%s=%q: %w", name, v.suffix, value, wrong))
			continue
		}
		opts = append(opts, o)
	}
	return opts, err
}
