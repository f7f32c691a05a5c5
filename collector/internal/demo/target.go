package demo

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
	"github.com/go-holmes/holmes/example/shop"
	"github.com/go-holmes/holmes/reporters"

	"github.com/go-holmes/holmes/collector/internal/term"
)

// TargetCommand is the command of this program that is [RunTarget].
const TargetCommand = "__shop"

// A target is the shop with holmes in a process of its own. It reads the names of
// faults from its standard input, and writes its status to its standard output.
type target struct {
	cmd  *exec.Cmd
	tell io.WriteCloser
	last atomic.Pointer[status]
	died chan error    // receives an error when the output ends
	read chan struct{} // closed then
}

// A status is what the target writes once a second.
type status struct {
	// Rounds is the number of baselines that holmes has taken.
	Rounds uint64 `json:"rounds"`
	// Why is the reason that there is no event, by signal.
	Why map[string]string `json:"why"`
}

// startTarget starts the process. It ends when its input does, so it does not
// outlive this process.
func startTarget(ctx context.Context, stderr io.Writer, collector, evidence string) (*target, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	t := &target{
		cmd:  exec.CommandContext(context.WithoutCancel(ctx), program, TargetCommand, collector, evidence),
		died: make(chan error, 1), read: make(chan struct{}),
	}
	t.cmd.Stderr = stderr
	if t.tell, err = t.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	if err := t.cmd.Start(); err != nil {
		return nil, fmt.Errorf("holmes demo: %w", err)
	}
	go t.listen(out)
	return t, nil
}

func (t *target) listen(out io.Reader) {
	defer close(t.read)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var s status
		if json.Unmarshal(lines.Bytes(), &s) == nil {
			t.last.Store(&s)
		}
	}
	t.died <- errors.New("holmes demo: the shop has ended")
}

func (t *target) pid() int { return t.cmd.Process.Pid }

// status is the latest status.
func (t *target) status() status {
	if s := t.last.Load(); s != nil {
		return *s
	}
	return status{}
}

// inject begins a fault; "" ends the current one.
func (t *target) inject(name string) error {
	if _, err := fmt.Fprintln(t.tell, name); err != nil {
		return fmt.Errorf("holmes demo: the shop does not read: %w", err)
	}
	return nil
}

// stopTime is how long the process may take to end.
const stopTime = 20 * time.Second

// stop ends the process.
func (t *target) stop() error {
	_ = t.tell.Close() // it may have ended already
	select {
	case <-t.read:
	case <-time.After(stopTime):
		_ = t.cmd.Process.Kill()
		<-t.read
	}
	if err := t.cmd.Wait(); err != nil {
		return fmt.Errorf("holmes demo: the shop: %w", err)
	}
	return nil
}

// memoryLimit is that of a small container. Nothing enforces it.
const memoryLimit = 512 << 20

// RunTarget is the process of the target. Its code for holmes is all that a service
// needs: watched, Start and Stop.
func RunTarget(ctx context.Context, in io.Reader, out io.Writer, collector, evidence string) error {
	h, err := watched(collector, evidence)
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
	written := make(chan struct{})
	defer func() { <-written }()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx)) // Ctrl-C ends the demo, which ends this
	defer cancel()
	go func() {
		defer close(written)
		writeStatus(ctx, out, h)
	}()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if err := s.Inject(strings.TrimSpace(lines.Text())); err != nil {
			return err
		}
	}
	return lines.Err()
}

// watched returns a holmes that reports to a collector.
func watched(collector, evidence string) (*holmes.Holmes, error) {
	reporter, err := reporters.NewCollector(collector)
	if err != nil {
		return nil, err
	}
	return holmes.New(
		holmes.WithReporter(reporter),
		holmes.WithDumpPath(evidence),
		holmes.WithMemoryLimit(memoryLimit),
		holmes.WithGrace(0), // the faults begin within a minute of the start
		holmes.WithDailyBudget(100),
		holmes.WithLabels(map[string]string{"service": "shop", "instance": "demo", "version": "1.0.0"}),
		holmes.WithLogger(noLog{}),
	)
}

// writeStatus writes the status once a second.
func writeStatus(ctx context.Context, out io.Writer, h *holmes.Holmes) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
			s := status{Rounds: h.Stats().Baseline.Rounds, Why: map[string]string{}}
			for _, f := range shop.Faults() {
				s.Why[f.Signal] = h.WhyNot(holmes.Signal(f.Signal))
			}
			if term.JSONLine(out, s) != nil {
				return
			}
		}
	}
}

// noLog drops what holmes logs: the demo prints what happens.
type noLog struct{}

func (noLog) Debugf(string, ...any) {}
func (noLog) Infof(string, ...any)  {}
func (noLog) Warnf(string, ...any)  {}
func (noLog) Errorf(string, ...any) {}
