package outside

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// latency is the time that the database takes for a row in its memory.
const latency = time.Millisecond

// A database answers lines of text: "get KEY" and "put KEY VALUE" with a row,
// "scan N" with N rows, "wait MS" with a row after a while.
type database struct {
	listener net.Listener
	wg       sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]bool
}

func serveDatabase(ctx context.Context) (*database, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	d := &database{listener: l, conns: map[net.Conn]bool{}}
	d.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			d.keep(c)
			d.wg.Go(func() { d.serve(ctx, c) })
		}
	})
	return d, nil
}

func (d *database) addr() string { return d.listener.Addr().String() }

func (d *database) keep(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[c] = true
}

func (d *database) drop(c net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	_ = c.Close() // the other side may have closed it already
}

func (d *database) serve(ctx context.Context, c net.Conn) {
	defer d.drop(c)
	lines := bufio.NewScanner(c)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(c)
	for lines.Scan() {
		verb, rest, _ := strings.Cut(lines.Text(), " ")
		rows, took := 1, latency
		switch n, _ := strconv.Atoi(rest); verb {
		case "scan":
			rows = n
		case "wait":
			took = time.Duration(n) * time.Millisecond
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(took):
		}
		_, _ = fmt.Fprintln(out, rows)
		for i := range rows {
			_, _ = fmt.Fprintf(out, "%d row-%d-of-%s\n", i, i, verb)
		}
		if out.Flush() != nil {
			return
		}
	}
}

func (d *database) close() error {
	err := d.listener.Close()
	d.mu.Lock()
	for c := range d.conns {
		_ = c.Close() // its goroutine ends with it
	}
	d.mu.Unlock()
	d.wg.Wait()
	return err
}
