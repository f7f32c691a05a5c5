package outside

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/go-holmes/holmes/internal/program"
)

// Env makes a program the World of another one: a program that uses [Spawn] calls
// [Child] first.
const Env = "HOLMES_SCENARIO_OUTSIDE"

// A command is one line from the process of the shop.
type command struct {
	Open  string  `json:"open,omitempty"`
	Visit *Visit  `json:"visit,omitempty"`
	Rise  float64 `json:"rise,omitempty"`
}

// addresses is the one line to it.
type addresses struct {
	Database string `json:"database"`
	Partner  string `json:"partner"`
}

// Child runs a World that reads commands from in until its end. It reports whether this
// process is such a child.
func Child(in io.Reader, out io.Writer) (is bool, err error) {
	if os.Getenv(Env) == "" {
		return false, nil
	}
	l, err := NewLocal()
	if err != nil {
		return true, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := json.NewEncoder(out).Encode(addresses{l.Database(), l.Partner()}); err != nil {
		return true, err
	}
	for commands := json.NewDecoder(in); ; {
		var o command
		switch err := commands.Decode(&o); {
		case errors.Is(err, io.EOF):
			return true, nil
		case err != nil:
			return true, err
		}
		if err := l.take(o); err != nil {
			return true, err
		}
	}
}

func (l *Local) take(o command) error {
	switch {
	case o.Open != "":
		return l.Open(o.Open)
	case o.Visit != nil:
		return l.Visit(*o.Visit)
	default:
		return l.Rise(o.Rise)
	}
}

// Process is a World in another process.
type Process struct {
	peers *program.Process
	at    addresses
	mu    sync.Mutex
}

// Spawn starts this program again with env added to its environment, as the World of
// this process. It ends with this process.
func Spawn(ctx context.Context, env ...string) (*Process, error) {
	peers, line, err := program.Start(ctx, append(env, Env+"=1")...)
	if err != nil {
		return nil, fmt.Errorf("the process of the peers: %w", err)
	}
	p := &Process{peers: peers}
	if err := json.Unmarshal([]byte(line), &p.at); err != nil {
		return nil, errors.Join(fmt.Errorf("the process of the peers: %w", err), p.Close())
	}
	return p, nil
}

// Database implements [World].
func (p *Process) Database() string { return p.at.Database }

// Partner implements [World].
func (p *Process) Partner() string { return p.at.Partner }

// Open implements [World].
func (p *Process) Open(url string) error { return p.command(command{Open: url}) }

// Visit implements [World].
func (p *Process) Visit(v Visit) error { return p.command(command{Visit: &v}) }

// Rise implements [World].
func (p *Process) Rise(factor float64) error { return p.command(command{Rise: factor}) }

func (p *Process) command(o command) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return json.NewEncoder(p.peers.Stdin).Encode(o)
}

// Close implements [World].
func (p *Process) Close() error { return p.peers.Stop() }
