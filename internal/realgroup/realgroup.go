// Package realgroup makes control groups of the machine that tests run on:
// real limits, for the tests and programs of this repository only.
package realgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ErrNone is returned when no group can be made here. Its text says what is
// missing.
var ErrNone = errors.New("no control groups can be made here")

// prefix is how the names of all groups begin; the process id follows.
const prefix = "holmes-test-"

// A Hierarchy is where one controller is on this machine.
type Hierarchy struct {
	Mount      string
	V2         bool
	controller string
}

// root is where systems mount control groups.
const root = "/sys/fs/cgroup"

// Find looks in the places where systems mount a controller, "memory" or
// "cpu", and makes a group to see that it may. It fails with an error that wraps
// ErrNone.
func Find(controller string) (Hierarchy, error) {
	h, err := find(controller)
	if err != nil {
		return h, err
	}
	group, err := h.Make()
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrNone, err)
	}
	return h, Remove(group)
}

func find(controller string) (Hierarchy, error) {
	if os.Geteuid() != 0 {
		return Hierarchy{}, fmt.Errorf("%w: making groups needs root", ErrNone)
	}
	for _, name := range []string{controller, "cpu,cpuacct"} {
		mount := filepath.Join(root, name)
		if _, err := os.Stat(filepath.Join(mount, limitFile(controller, false))); err == nil {
			return Hierarchy{Mount: mount, controller: controller}, nil
		}
	}
	for _, mount := range []string{root, root + "/unified"} {
		enabled, err := os.ReadFile(filepath.Join(mount, "cgroup.subtree_control"))
		if err == nil && slices.Contains(strings.Fields(string(enabled)), controller) {
			return Hierarchy{Mount: mount, V2: true, controller: controller}, nil
		}
	}
	return Hierarchy{}, fmt.Errorf("%w: the %s controller is not mounted, or not enabled for groups", ErrNone, controller)
}

func limitFile(controller string, v2 bool) string {
	switch {
	case controller == "memory" && v2:
		return "memory.max"
	case controller == "memory":
		return "memory.limit_in_bytes"
	case v2:
		return "cpu.max"
	default:
		return "cpu.cfs_quota_us"
	}
}

// Make makes a group, after sweeping those of dead runs away.
func (h Hierarchy) Make() (string, error) {
	h.sweep()
	group, err := os.MkdirTemp(h.Mount, prefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", err
	}
	return group, os.Chmod(group, 0o755) // which lets processes of other users read their limits
}

// Enable lets groups below another one, in which no process may be, have the
// controller. In v1 they all have it.
func (h Hierarchy) Enable(group string) error {
	if !h.V2 {
		return nil
	}
	return write(filepath.Join(group, "cgroup.subtree_control"), "+"+h.controller)
}

// Below makes a group in another one, in which no process may be.
func (h Hierarchy) Below(group, name string) (string, error) {
	if err := h.Enable(group); err != nil {
		return "", err
	}
	dir := filepath.Join(group, name)
	return dir, os.Mkdir(dir, 0o755)
}

// LimitMemory sets the hard limit of a group of the memory controller in bytes,
// and forbids it to swap.
func (h Hierarchy) LimitMemory(group string, bytes int) error {
	err := write(filepath.Join(group, limitFile(h.controller, h.V2)), strconv.Itoa(bytes))
	for _, name := range []string{"memory.swap.max", "memory.swappiness"} {
		if file := filepath.Join(group, name); exists(file) {
			err = errors.Join(err, write(file, "0"))
		}
	}
	return err
}

// LimitCPU sets the quota of a group of the cpu controller in cores; 0 is none.
func (h Hierarchy) LimitCPU(group string, cores float64) error {
	const period = 100_000 // microseconds, the default
	quota := strconv.Itoa(int(cores * period))
	switch {
	case cores == 0 && h.V2:
		quota = "max"
	case cores == 0:
		quota = "-1"
	}
	return write(filepath.Join(group, limitFile(h.controller, h.V2)), quota)
}

// Join moves this process into a group.
func Join(group string) error { return Move(os.Getpid(), group) }

// Move moves a process into a group.
func Move(pid int, group string) error {
	return write(filepath.Join(group, "cgroup.procs"), strconv.Itoa(pid))
}

// Remove removes a group and those in it. Their processes must have ended.
func Remove(group string) error {
	entries, err := os.ReadDir(group)
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, Remove(filepath.Join(group, e.Name())))
		}
	}
	return errors.Join(err, os.Remove(group))
}

// sweep removes the groups that killed runs have left.
func (h Hierarchy) sweep() {
	stale, _ := filepath.Glob(filepath.Join(h.Mount, prefix+"*")) // the pattern is right
	for _, group := range stale {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(group), prefix), "-")
		if !exists("/proc/" + pid) {
			_ = Remove(group) // or a later run does
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func write(file, text string) error { return os.WriteFile(file, []byte(text), 0) }
