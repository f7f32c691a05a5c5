package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// errNoStrace is returned where system calls cannot be counted.
var errNoStrace = errors.New("strace is missing, or may not trace here")

// callsRow counts the system calls of a tick: the difference between a process
// with few ticks and one with many.
func (b *bench) callsRow(ctx context.Context) error {
	cells := map[int]string{}
	for col, run := range b.counted() {
		n, err := calls(ctx, run)
		switch {
		case errors.Is(err, errNoStrace):
			cells[col] = "not counted (no strace)"
		case err != nil:
			return err
		default:
			cells[col] = figure(n)
			if col == colHolmes {
				b.figures.SystemCalls = n
			}
		}
	}
	b.row("One tick: system calls", cells)
	return nil
}

// A counted process ticks n times.
type counted func(n int) (exe string, env, args []string)

func (b *bench) counted() map[int]counted {
	subject := func(name string) counted {
		return func(n int) (string, []string, []string) {
			return filepath.Join(b.dir, name), nil, []string{"-ticks=" + strconv.Itoa(n)}
		}
	}
	return map[int]counted{
		colHolmes: func(n int) (string, []string, []string) {
			return b.rootTests(), []string{"HOLMES_TEST_TICKS=" + strconv.Itoa(n)}, []string{"-test.run=^TestTickSystemCallsChild$"}
		},
		colMosn: subject("mosn"), colGopsutil: subject("gopsutil"),
	}
}

func calls(ctx context.Context, run counted) (float64, error) {
	const few, many = 100, 2100
	a, err := strace(ctx, run, few)
	if err != nil {
		return 0, err
	}
	z, err := strace(ctx, run, many)
	return float64(z-a) / (many - few), err
}

// scheduler returns the calls of Go's own threads, whose number depends on time and
// not on ticks.
func scheduler() []string {
	return []string{"futex", "nanosleep", "epoll_pwait", "epoll_pwait2", "sched_yield", "tgkill", "rt_sigreturn", "getpid", "madvise", "total"}
}

func strace(ctx context.Context, run counted, n int) (sum int, err error) {
	tool, err := exec.LookPath("strace")
	if err != nil {
		return 0, errNoStrace
	}
	exe, env, args := run(n)
	cmd := exec.CommandContext(ctx, tool, append([]string{"-f", "-c", "-U", "name,calls", exe}, args...)...)
	cmd.Env = slices.Concat(os.Environ(), env, []string{"GOMAXPROCS=1"})
	var table strings.Builder
	cmd.Stderr = &table
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("%w: %w\n%s", errNoStrace, err, table.String())
	}
	for line := range strings.Lines(table.String()) {
		f := strings.Fields(line)
		if len(f) != 2 || slices.Contains(scheduler(), f[0]) {
			continue
		}
		if n, err := strconv.Atoi(f[1]); err == nil {
			sum += n
		}
	}
	return sum, nil
}
