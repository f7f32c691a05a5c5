package cgroup_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

func init() { helper = serveHelper }

// answer is what the helper process says to one command.
type answer struct {
	Err    string
	Usage  cgroup.Usage
	Sample cgroup.Sample
	Files  int // open descriptors
}

// serveHelper is the helper process: it obeys the lines of its standard input until that ends, with its parent at the
// latest.
func serveHelper() {
	h := &helperProcess{}
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var a answer
		verb, rest, _ := strings.Cut(in.Text(), " ")
		if err := h.do(verb, strings.Fields(rest), &a); err != nil {
			a.Err = err.Error()
		}
		if out.Encode(a) != nil {
			return
		}
	}
}

type helperProcess struct {
	reader *cgroup.Reader
	held   []byte
}

func (h *helperProcess) do(verb string, args []string, a *answer) (err error) {
	switch verb {
	case "open":
		h.reader, err = cgroup.Open()
	case "usage":
		return h.reader.Usage(&a.Usage)
	case "look":
		a.Usage, err = look(h.reader)
	case "sample":
		return h.reader.Sample(&a.Sample)
	case "usages", "samples": // so many readings
		n, err := strconv.Atoi(args[0])
		for i := 0; i < n && err == nil; i++ {
			err = h.do(strings.TrimSuffix(verb, "s"), nil, a)
		}
		return err
	case "join":
		return joinAll(args)
	case "hold": // so many MiB, apart from the heap
		mib, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		h.held, err = syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		for i := 0; i < len(h.held); i += os.Getpagesize() {
			h.held[i] = 1
		}
		return err
	case "burn": // so much CPU time
		var d time.Duration
		if d, err = time.ParseDuration(args[0]); err == nil {
			for end := cpuTime() + d; cpuTime() < end; {
			}
		}
	case "wander": // so many moves between the two groups that follow
		n, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		for i := range n {
			if err := joinAll(args[1+i%2 : 2+i%2]); err != nil {
				return err
			}
			if a.Usage, err = look(h.reader); err != nil {
				return err
			}
		}
		entries, err := os.ReadDir("/proc/self/fd")
		a.Files = len(entries)
		return err
	}
	return err
}

func joinAll(dirs []string) error {
	for _, dir := range dirs {
		if err := os.WriteFile(dir+"/cgroup.procs", fmt.Appendln(nil, os.Getpid()), 0); err != nil {
			return err
		}
	}
	return nil
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 1 << 62
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// child is a running helper process, seen from the test.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// startChild starts a helper process, which ends with the test at the latest.
func startChild(t testing.TB) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=1", "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	c := &child{cmd, in, json.NewDecoder(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // killed by the kernel, perhaps
	})
	return c
}

// try sends a command and returns the answer, or io.EOF if the process ended.
func (c *child) try(format string, args ...any) (a answer, err error) {
	if _, err := fmt.Fprintf(c.in, format+"\n", args...); err != nil {
		return a, err
	}
	err = c.out.Decode(&a)
	return a, err
}

// tell sends a command, which must succeed.
func (c *child) tell(t testing.TB, format string, args ...any) answer {
	t.Helper()
	a, err := c.try(format, args...)
	require.NoError(t, err)
	require.Empty(t, a.Err)
	return a
}
