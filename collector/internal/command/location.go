package command

import (
	"fmt"

	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/server"
)

// A location is the flags that say where the evidence is.
type location struct {
	server, dir, token string
	json, plain        bool
}

// defaultServer is the address of a collector that runs with defaults.
const defaultServer = "http://" + server.DefaultAddr

// set adds the flags.
func (l *location) set(s *settings) {
	s.flags.StringVar(&l.server, "server", defaultServer, "ask the collector at this `URL`; its token is HOLMES_TOKEN")
	s.flags.StringVar(&l.dir, "dir", "", "read this `directory` that holmes has dumped events to, without a collector")
	s.flags.BoolVar(&l.json, "json", false, "print JSON")
	s.flags.BoolVar(&l.plain, "plain-http", false, "send the token to other machines without TLS, too")
	s.secret(&l.token, "token")
}

func (l *location) open() (source.Source, error) {
	if l.dir != "" {
		d, err := source.OpenDirectory(l.dir)
		if err != nil {
			return nil, usageError{fmt.Errorf("holmes: -dir: %w", err)}
		}
		return d, nil
	}
	return newRemote(l.server, l.token, l.plain)
}

// newRemote returns the collector that a flag names.
func newRemote(address, token string, plain bool) (*source.Remote, error) {
	r, err := source.NewRemote(address, token, plain)
	if err != nil {
		return nil, usageError{err}
	}
	return r, nil
}
