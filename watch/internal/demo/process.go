package demo

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// A process is a service of the demo.
type process struct {
	name    string
	address string
	cmd     *exec.Cmd
	tell    io.WriteCloser
}

// start starts a service in a process of its own, which ends when its input does: it does
// not outlive this one.
func start(ctx context.Context, name, command string, stderr io.Writer) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("holmes-watch demo: %w", err)
	}
	p := &process{name: name, cmd: exec.CommandContext(context.WithoutCancel(ctx), program, command)}
	p.cmd.Stderr = stderr
	// The memory of the shop is judged by this limit.
	p.cmd.Env = append(os.Environ(), "GOMEMLIMIT=512MiB")
	if p.tell, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("holmes-watch demo: %w", err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("holmes-watch demo: %w", err)
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("holmes-watch demo: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("holmes-watch demo: service %s has ended: %w", name, err), p.stop())
	}
	p.address = strings.TrimSpace(line)
	return p, nil
}

// inject begins a fault; "" ends it.
func (p *process) inject(fault string) error {
	_, err := fmt.Fprintln(p.tell, fault)
	return err
}

// stop ends the process and waits for it.
func (p *process) stop() error {
	_ = p.tell.Close()
	return p.cmd.Wait()
}
