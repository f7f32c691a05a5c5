package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// A Process is this program as a process of its own. The end of its input ends it.
type Process struct {
	*exec.Cmd
	Stdin io.WriteCloser
	Lines *bufio.Scanner // of its output
}

// Start starts this program again, with more variables in its environment, and waits
// for its first line. Its errors are those of this program.
func Start(ctx context.Context, env ...string) (p *Process, first string, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	p = &Process{Cmd: exec.CommandContext(ctx, exe)}
	p.Env = append(os.Environ(), env...)
	p.Stderr = os.Stderr
	p.WaitDelay = time.Second
	if p.Stdin, err = p.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, err := p.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := p.Start(); err != nil {
		return nil, "", err
	}
	if p.Lines = bufio.NewScanner(out); !p.Lines.Scan() {
		return nil, "", errors.Join(fmt.Errorf("the process %v did not start", env), p.Lines.Err(), p.Wait())
	}
	return p, p.Lines.Text(), nil
}

// Stop ends the process by the end of its input.
func (p *Process) Stop() error { return errors.Join(p.Stdin.Close(), p.Wait()) }
