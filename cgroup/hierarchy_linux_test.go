package cgroup_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/go-holmes/holmes/cgroup"
)

// Some tests make groups on the machine that they run on, and move processes of their own into them. They need root, and
// hierarchies that can be written to.

// groupPrefix is followed by the process that made the group, so that those of dead ones can be told.
const groupPrefix = "holmes-test-"

// hierarchy is where the groups of a controller are.
type hierarchy struct {
	controller string
	version    cgroup.Version
	mount      string
}

// system is where this machine has the two controllers: both in one hierarchy of v2, or in one each.
type system struct{ memory, cpu hierarchy }

// needSystem skips the test where it cannot run, and removes what earlier runs have left behind.
func needSystem(t testing.TB) system {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	s := system{
		memory: needHierarchy(t, "memory", "memory.limit_in_bytes"),
		cpu:    needHierarchy(t, "cpu", "cpu.cfs_quota_us"),
	}
	s.memory.sweep()
	s.cpu.sweep()
	return s
}

// needVersions is needSystem for tests that need certain versions of the controllers.
func needVersions(t testing.TB, memory, cpu cgroup.Version) system {
	t.Helper()
	s := needSystem(t)
	if memory != cgroup.VersionNone && s.memory.version != memory {
		t.Skipf("needs memory in %s, it is in %s", memory, s.memory.version)
	}
	if cpu != cgroup.VersionNone && s.cpu.version != cpu {
		t.Skipf("needs cpu in %s, it is in %s", cpu, s.cpu.version)
	}
	return s
}

// needHierarchy looks where systems have it. A hierarchy of v2 counts if the groups below its root get the controller:
// the test does not change that, since it concerns all groups of the machine.
func needHierarchy(t testing.TB, controller, fileOfV1 string) hierarchy {
	t.Helper()
	const root, unified = "/sys/fs/cgroup", "/sys/fs/cgroup/unified"
	h := hierarchy{controller, cgroup.V1, root + "/" + controller}
	if !exists(h.mount + "/" + fileOfV1) {
		h.version, h.mount = cgroup.V2, root
		if exists(unified) {
			h.mount = unified
		}
		enabled, _ := os.ReadFile(h.mount + "/cgroup.subtree_control")
		if !slices.Contains(strings.Fields(string(enabled)), controller) {
			t.Skipf("needs the %s controller, in v1 or enabled below %s", controller, h.mount)
		}
	}
	const writable = 2
	if err := syscall.Access(h.mount, writable); err != nil {
		t.Skipf("needs to make groups in %s: %v", h.mount, err)
	}
	return h
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// sweep removes the groups of dead processes.
func (h hierarchy) sweep() {
	left, _ := filepath.Glob(h.mount + "/" + groupPrefix + "*")
	for _, dir := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), groupPrefix), "-")
		if !exists("/proc/" + pid) {
			_ = removeGroup(dir)
		}
	}
}

// removeGroup removes a group and those below it; it fails on those that still have processes.
func removeGroup(dir string) error {
	var dirs []string
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for _, dir := range slices.Backward(dirs) {
		if err := os.Remove(dir); err != nil {
			return err
		}
	}
	return nil
}
