package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"

	"github.com/go-holmes/holmes/example/shop"
)

// shopCommand is the word for this program as the shop of a demo.
const shopCommand = "__shop"

// A patient is the shop in a process of its own. It is told what to suffer on its
// standard input, and says what holmes does on its output.
type patient struct {
	cmd  *exec.Cmd
	tell io.WriteCloser
	last atomic.Pointer[report]
	died chan error // gets the end of a process that was not asked to end
	read chan struct{}
}

// A report is what the shop says, once a second.
type report struct {
	// Rounds counts how often holmes has looked at what is normal.
	Rounds uint64 `json:"rounds"`
	// Why says of the signals of the faults why there is no event.
	Why map[string]string `json:"why"`
}

// newPatient starts the shop. It ends when its input does, however this process
// ends.
func newPatient(ctx context.Context, std stdio, collector, data string) (*patient, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	p := &patient{cmd: exec.CommandContext(context.WithoutCancel(ctx), program, shopCommand, collector, data+"/evidence"), died: make(chan error, 1), read: make(chan struct{})}
	p.cmd.Stderr = std.err
	if p.tell, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	go p.listen(out)
	return p, nil
}

func (p *patient) listen(out io.Reader) {
	defer close(p.read)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var r report
		if json.Unmarshal(lines.Bytes(), &r) == nil {
			p.last.Store(&r)
		}
	}
	p.died <- errors.New("holmes demo: the shop has ended")
}

func (p *patient) pid() int { return p.cmd.Process.Pid }

// said is the latest report.
func (p *patient) said() report {
	if r := p.last.Load(); r != nil {
		return *r
	}
	return report{}
}

// suffer names the fault that begins; "" ends the one that is on.
func (p *patient) suffer(name string) error {
	if _, err := fmt.Fprintln(p.tell, name); err != nil {
		return fmt.Errorf("holmes demo: the shop does not listen: %w", err)
	}
	return nil
}

// stopTime is how long the shop may take to end.
const stopTime = 20 * time.Second

// stop lets the shop end.
func (p *patient) stop() error {
	_ = p.tell.Close() // it may have ended already
	select {
	case <-p.read:
	case <-time.After(stopTime):
		_ = p.cmd.Process.Kill()
		<-p.read
	}
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("holmes demo: the shop: %w", err)
	}
	return nil
}

// memoryLimit stands for that of a small container. Nothing enforces it.
const memoryLimit = 512 << 20

// runShop is the process of the shop. This is all that a service needs to have
// holmes in it: watched, and Start and Stop.
func runShop(ctx context.Context, std stdio, args []string) error {
	if len(args) != 2 {
		return usageError{errors.New("holmes: this is a part of holmes demo")}
	}
	h, err := watched(args[0], args[1])
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		return err
	}
	defer h.Stop()
	s, err := shop.Open()
	if err != nil {
		return err
	}
	defer s.Close()
	said := make(chan struct{})
	defer func() { <-said }()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Ctrl-C is for the one who asked for the demo
	defer cancel()
	go func() {
		defer close(said)
		say(ctx, std.out, h)
	}()
	lines := bufio.NewScanner(std.in)
	for lines.Scan() {
		if err := s.Inject(strings.TrimSpace(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// watched is a holmes that reports to a collector.
func watched(collector, evidence string) (*holmes.Holmes, error) {
	reporter, err := reporters.NewCollector(collector)
	if err != nil {
		return nil, err
	}
	return holmes.New(
		holmes.WithReporter(reporter),
		holmes.WithDumpPath(evidence),
		holmes.WithMemoryLimit(memoryLimit),
		holmes.WithLabels(map[string]string{"service": "shop", "instance": "demo", "version": "1.0.0"}),
		holmes.WithLogger(nobody{}),
	)
}

// say says once a second what holmes does.
func say(ctx context.Context, out io.Writer, h *holmes.Holmes) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			r := report{Rounds: h.Stats().Baseline.Rounds, Why: map[string]string{}}
			for _, f := range shop.Faults() {
				r.Why[f.Signal] = h.WhyNot(holmes.Signal(f.Signal))
			}
			if printLine(out, r) != nil {
				return
			}
		}
	}
}

// nobody hears what is logged: the demo tells what happens.
type nobody struct{}

func (nobody) Debugf(string, ...any) {}
func (nobody) Infof(string, ...any)  {}
func (nobody) Warnf(string, ...any)  {}
func (nobody) Errorf(string, ...any) {}

// printLine prints an object in one line.
func printLine(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
