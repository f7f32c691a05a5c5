package serve

import (
	"errors"
	"fmt"
	"os"

	"github.com/go-holmes/holmes/collector/api"
)

// TokenFiles are files with further tokens of each right, see [api.Tokens]. They are
// read again when they change.
type TokenFiles struct{ Write, Read, Trigger string }

// tokens returns the tokens of the configuration and of the files.
func (c *Config) tokens() (api.Tokens, error) {
	t := c.Tokens
	var errs []error
	for _, f := range []struct {
		path string
		to   *string
	}{{c.TokenFiles.Write, &t.Write}, {c.TokenFiles.Read, &t.Read}, {c.TokenFiles.Trigger, &t.Trigger}} {
		if f.path == "" {
			continue
		}
		raw, err := os.ReadFile(f.path)
		errs = append(errs, err)
		*f.to += "\n" + string(raw)
	}
	if err := errors.Join(errs...); err != nil {
		return t, fmt.Errorf("holmes serve: tokens: %w", err)
	}
	if c.protects() && !t.Protected() {
		return t, errors.New("holmes serve: a file of tokens for writing or reading has none")
	}
	return t, nil
}

// protects reports whether reading and writing both are to need a token.
func (c *Config) protects() bool {
	return (c.Tokens.Write != "" || c.TokenFiles.Write != "") && (c.Tokens.Read != "" || c.TokenFiles.Read != "")
}
