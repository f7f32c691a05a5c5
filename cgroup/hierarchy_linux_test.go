package cgroup_test

import (
	"os"
	"testing"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/realgroup"
)

// Some tests make groups on the machine that they run on, and move processes of their own into them. They need root, and
// hierarchies that can be written to.

// system is where this machine has the two controllers: both in one hierarchy of v2, or in one each.
type system struct{ memory, cpu half }

// half is what one of the controllers has of a group.
type half struct {
	realgroup.Hierarchy
	dir string
}

// version returns the version of the hierarchy.
func (h half) version() cgroup.Version {
	if h.V2 {
		return cgroup.V2
	}
	return cgroup.V1
}

// needSystem skips the test where it cannot run.
func needSystem(t testing.TB) system {
	t.Helper()
	return system{needHierarchy(t, "memory"), needHierarchy(t, "cpu")}
}

// needVersions is needSystem for tests that need certain versions of the controllers.
func needVersions(t testing.TB, memory, cpu cgroup.Version) system {
	t.Helper()
	s := needSystem(t)
	if memory != cgroup.VersionNone && s.memory.version() != memory {
		t.Skipf("needs memory in %s, it is in %s", memory, s.memory.version())
	}
	if cpu != cgroup.VersionNone && s.cpu.version() != cpu {
		t.Skipf("needs cpu in %s, it is in %s", cpu, s.cpu.version())
	}
	return s
}

func needHierarchy(t testing.TB, controller string) half {
	t.Helper()
	h, err := realgroup.Find(controller)
	if err != nil {
		t.Skip(err)
	}
	return half{h, h.Mount}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
