package cgroup_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

// child is a running helper process, seen from the test.
type child struct {
	*testkit.Child
	out *json.Decoder
}

// startChild starts a helper process, which ends with the test at the latest.
func startChild(t testing.TB) *child {
	t.Helper()
	started := testkit.Start(t, helperEnv+"=1", "GORACE=atexit_sleep_ms=0")
	c := &child{started, json.NewDecoder(started.Output)}
	t.Cleanup(func() {
		_ = c.Stdin.Close()
		_ = c.Wait() // killed by the kernel, perhaps
	})
	return c
}

// joined starts a process in the group, with a reader open.
func (g group) joined(t testing.TB) *child {
	t.Helper()
	c := startChild(t)
	c.join(t, g)
	c.tell(t, "open")
	return c
}

// join moves the process into the group.
func (c *child) join(t testing.TB, g group) {
	t.Helper()
	c.tell(t, "join %s", strings.Join(g.dirs(), " "))
}

// move is join, done by the test: the process may not see the group.
func (c *child) move(t testing.TB, g group) {
	t.Helper()
	for _, dir := range g.dirs() {
		write(t, dir+"/cgroup.procs", c.Process.Pid)
	}
}

// try sends a command and returns the answer, or io.EOF if the process ended.
func (c *child) try(format string, args ...any) (a answer, err error) {
	if _, err := fmt.Fprintf(c.Stdin, format+"\n", args...); err != nil {
		return a, err
	}
	err = c.out.Decode(&a)
	return a, err
}

// tell sends a command, which must succeed.
func (c *child) tell(t testing.TB, format string, args ...any) answer {
	t.Helper()
	a := testkit.Must(c.try(format, args...))(t)
	require.Empty(t, a.Err)
	return a
}

// usageUntil reads until the usage is as wanted, which must be within the calls that [cgroup.Reader.Usage] promises for so
// many levels.
func (c *child) usageUntil(t testing.TB, levels int, wanted func(u cgroup.Usage) bool) cgroup.Usage {
	t.Helper()
	var u cgroup.Usage
	for range levels * callsPerLevel {
		if u = c.tell(t, "usage").Usage; wanted(u) {
			return u
		}
	}
	require.Fail(t, "not seen", "%+v", u)
	return u
}

// contained starts a process in the group, to which nothing else is mounted, with a reader open.
func (g group) contained(t testing.TB, namespaces int) *child {
	t.Helper()
	c := startChild(t)
	c.join(t, g)
	pairs := []string{g.memory.dir, g.memory.Mount}
	if g.cpu.Mount != g.memory.Mount {
		pairs = append(pairs, g.cpu.dir, g.cpu.Mount)
	}
	c.tell(t, "contain %d %s", namespaces, strings.Join(pairs, " "))
	c.tell(t, "open")
	return c
}
