package testkit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Main is the main function of a test binary that is also the program of child
// processes: in the process that the variable env names a job for, it does the job
// instead of running tests. The usual run has its temporary directories in memory.
func Main(m *testing.M, env string, do func(job string) error) {
	job := os.Getenv(env)
	if job == "" {
		end := inMemory()
		goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
			end()
			os.Exit(code)
		}))
		return
	}
	if err := do(job); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A Child is the test binary as a process of its own.
type Child struct {
	*exec.Cmd
	Stdin  io.WriteCloser
	Output io.Reader
	Lines  *bufio.Scanner // of Output
}

// Start starts the test binary again, with more variables in its environment.
func Start(t testing.TB, env ...string) *Child {
	t.Helper()
	c := Command(t, env...)
	require.NoError(t, c.Start())
	return c
}

// Command is what Start starts, for a test that changes it before.
func Command(t testing.TB, env ...string) *Child {
	t.Helper()
	return prepare(t, exec.CommandContext(t.Context(), os.Args[0]), env)
}

func prepare(t testing.TB, cmd *exec.Cmd, env []string) *Child {
	t.Helper()
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	in := Must(cmd.StdinPipe())(t)
	out := Must(cmd.StdoutPipe())(t)
	return &Child{cmd, in, out, bufio.NewScanner(out)}
}

// Line returns the child's next line.
func (c *Child) Line(t testing.TB) string {
	t.Helper()
	require.True(t, c.Lines.Scan(), "the child ended early: %v", c.Lines.Err())
	return c.Lines.Text()
}

// Kill ends the child as the kernel would, and returns its last line.
func (c *Child) Kill(t testing.TB) (last string) {
	t.Helper()
	require.NoError(t, c.Process.Kill())
	for c.Lines.Scan() {
		last = c.Lines.Text()
	}
	require.Error(t, c.Wait())
	return last
}
