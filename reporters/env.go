package reporters

import (
	"fmt"
	"os"
	"slices"
	"strconv"
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
// A wrong value is an error of [holmes.New] that names the variable. The options
// count for the collector before the variables.
//
//	h, err := holmes.New(holmes.FromEnv(), reporters.FromEnv())
func FromEnv(opts ...HTTPOption) holmes.Option {
	return holmes.WithReporterFunc("collector", func() (holmes.Reporter, error) {
		const name = "HOLMES_COLLECTOR"
		url := os.Getenv(name)
		if url == "" {
			return nil, nil
		}
		r, err := NewCollector(url, slices.Concat(opts, fromEnv(name))...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return r, nil
	})
}

// fromEnv returns the options that variables beginning with a name set.
func fromEnv(name string) (opts []HTTPOption) {
	for suffix, read := range map[string]func(string) (HTTPOption, error){
		"_TOKEN_FILE": func(v string) (HTTPOption, error) {
			_, err := os.Stat(v)
			return WithTokenFile(v), err
		},
		"_CA_FILE": func(v string) (HTTPOption, error) {
			_, err := os.Stat(v)
			return WithCAFile(v), err
		},
		"_TIMEOUT": func(v string) (HTTPOption, error) {
			d, err := time.ParseDuration(v)
			return WithTimeout(d), err
		},
		"_PLAIN_HTTP": func(v string) (HTTPOption, error) {
			on, err := strconv.ParseBool(v)
			return httpOption(func(s *settings) { s.http.PlainHTTP = on }), err
		},
	} {
		value := os.Getenv(name + suffix)
		if value == "" {
			continue
		}
		o, err := read(value)
		if err != nil {
			err = fmt.Errorf("%s%s=%q: %w", name, suffix, value, err)
			o = httpOption(func(s *settings) { s.err = err })
		}
		opts = append(opts, o)
	}
	return opts
}
