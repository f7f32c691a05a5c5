package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/bench/internal/subject"
)

// A variant is a subject with its default interval or another one.
type variant struct {
	name     string
	exe      string
	col      int
	interval string
	// every is the interval, and warm the time before the first judgement.
	every, warm time.Duration
}

// variants returns all subjects that capture. mosn/holmes collects ten times before
// it judges, and at 1 s each collection also sleeps for a second. pyroscope-go's
// first upload of a CPU profile takes two of its intervals.
func variants() []variant {
	return []variant{
		{"holmes", "holmes", colHolmes, "", time.Second, 15 * time.Second},
		{"default", "mosn", colMosn, "", 5 * time.Second, 57 * time.Second},
		{"at 1 s", "mosn", colMosn, "1s", time.Second, 25 * time.Second},
		{"default", "pyroscope", colPyroscope, "", 15 * time.Second, 47 * time.Second},
		{"at 1 s", "pyroscope", colPyroscope, "1s", time.Second, 5 * time.Second},
	}
}

// label is the beginning of a cell.
func (v variant) label() string {
	if v.exe == v.name {
		return ""
	}
	return v.name + ": "
}

// A process is a subject that runs.
type process struct {
	variant variant
	dir     string
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	said    chan string // lines with [subject.Prefix]; closed at its end
}

// start starts a subject, which is killed at its deadline at the latest.
func (b *bench) start(ctx context.Context, v variant, deadline time.Duration, args ...string) (*process, error) {
	dir, err := os.MkdirTemp(b.dir, "evidence-"+v.exe+"-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline)
	cmd := exec.CommandContext(ctx, filepath.Join(b.dir, v.exe), append(args, "-dir="+dir, "-interval="+v.interval)...)
	cmd.WaitDelay = time.Second
	p := &process{variant: v, dir: dir, cmd: cmd, said: make(chan string, 64)}
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		p.stdin, err = cmd.StdinPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, err
	}
	go func() {
		defer cancel()
		defer close(p.said)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if text, ours := strings.CutPrefix(lines.Text(), subject.Prefix); ours {
				p.said <- text
			}
		}
	}()
	_, err = p.expect("ready")
	return p, err
}

// expect waits for a line that begins with a word and returns the rest of it.
func (p *process) expect(word string) (string, error) {
	for line := range p.said {
		if first, rest, _ := strings.Cut(line, " "); first == word {
			return rest, nil
		}
	}
	return "", fmt.Errorf("%s %s ended before it said %q", p.variant.exe, p.variant.interval, word)
}

// tell sends a command.
func (p *process) tell(command string) error {
	_, err := fmt.Fprintln(p.stdin, command)
	return err
}

// ask sends a command and waits for the answer, as expect does.
func (p *process) ask(command, word string) (string, error) {
	if err := p.tell(command); err != nil {
		return "", err
	}
	return p.expect(word)
}

// onset begins a fault and returns when it began.
func (p *process) onset(command string) (time.Time, error) {
	text, err := p.ask(command, "onset")
	if err != nil {
		return time.Time{}, err
	}
	ns, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(0, ns), err
}

// end kills the process, by its id, and waits for it.
func (p *process) end() {
	_ = p.stdin.Close()
	_ = p.cmd.Process.Kill() // it may have ended
	for range p.said {       // until its output has ended
	}
	_ = p.cmd.Wait() // killed, as intended
}

// wait waits for the process to end by itself.
func (p *process) wait() error {
	for range p.said {
	}
	return p.cmd.Wait()
}

// waitUntil waits for a time of day.
func waitUntil(ctx context.Context, at time.Time) error {
	t := time.NewTimer(time.Until(at))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return errors.Join(ctx.Err())
	}
}
