package client

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A Pin is the address that a target was read from last. The zero Pin has none.
type Pin struct {
	mu   sync.Mutex
	addr string // IP and port
}

// Addr returns the address that the target was read from last, and "" before that.
func (p *Pin) Addr() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addr
}

func (p *Pin) set(addr string) {
	p.mu.Lock()
	p.addr = addr
	p.mu.Unlock()
}

// pinned is the key of the address that a request has to go to.
type pinned struct{}

// A dialer checks every address when it is dialed, after the name was resolved: a name
// may resolve to another address each time.
type dialer struct {
	networks *config.Networks
}

// dialTime is how long dialing may take.
const dialTime = 5 * time.Second

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if addr, ok := ctx.Value(pinned{}).(string); ok {
		address = addr
	}
	own := net.Dialer{Timeout: dialTime, ControlContext: d.control}
	return own.DialContext(ctx, network, address)
}

func (d *dialer) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("holmes-watch: %w", err)
	}
	if err := d.networks.Check(addr.Addr()); err != nil {
		return fmt.Errorf("holmes-watch: %w", err)
	}
	return nil
}
