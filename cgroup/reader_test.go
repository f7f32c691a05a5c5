package cgroup_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestOpenRefusesNoRoot(t *testing.T) {
	_, err := cgroup.Open(cgroup.WithRoot(""))
	require.ErrorContains(t, err, "holmes: cgroup: WithRoot")
}

func TestOpenWithoutAnything(t *testing.T) {
	for name, want := range map[string]error{
		"no-proc":                cgroup.ErrUnavailable,
		"empty-membership":       cgroup.ErrNoController,
		"not-mounted":            cgroup.ErrHidden,
		"moved-out-of-namespace": cgroup.ErrHidden,
	} {
		t.Run(name, func(t *testing.T) {
			var d disk
			_, err := cgroup.Open(cgroup.WithRoot(string(newTree(t, name))), cgroup.WithOpen(d.open))
			require.ErrorIs(t, err, cgroup.ErrUnavailable)
			require.ErrorIs(t, err, want)
			require.Equal(t, d.opened, d.closed, "files left open")
		})
	}
}

func TestHiddenControllerSaysWhy(t *testing.T) {
	s := sample(t, openTree(t, newTree(t, "cpu-hidden"), nil))
	require.ErrorIs(t, s.CPU.Err, cgroup.ErrHidden)
	require.NoError(t, s.Memory.Err)
	require.True(t, s.Unseen.Has(cgroup.UnseenCPU))
}

func TestClose(t *testing.T) {
	var d disk
	r := openTree(t, newTree(t, "hybrid"), &d)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	require.Equal(t, d.opened, d.closed)

	u := cgroup.Usage{MemoryUsed: 1}
	require.ErrorIs(t, r.Usage(&u), cgroup.ErrClosed)
	require.Zero(t, u)
	s := cgroup.Sample{Generation: 1}
	require.ErrorIs(t, r.Sample(&s), cgroup.ErrClosed)
	require.Zero(t, s.Generation)
	require.Equal(t, -1, s.Memory.Binding)
}

// A group can be nested deeper than the number of levels that are kept open.
func TestDeepGroup(t *testing.T) {
	root := newTree(t, "docker-v2")
	group := strings.Repeat("/deeper", cgroup.MaxLevels+5)
	root.set(t, "proc/self/cgroup", "0::"+group+"\n")
	for dir := group; dir != ""; dir = strings.TrimSuffix(dir, "/deeper") {
		root.set(t, "sys/fs/cgroup"+dir+"/memory.current", fmt.Sprintln(len(dir)))
	}
	s := sample(t, openTree(t, root, nil))
	require.Len(t, s.Memory.Levels, cgroup.MaxLevels)
	require.Equal(t, group, s.Memory.Levels[0].Path)
	require.True(t, s.Unseen.Has(cgroup.UnseenAncestors))
}

func TestConcurrentUse(t *testing.T) {
	_, r := openFixture(t, "nested-limit-on-parent-only")
	testkit.Together(4, func(int) {
		var u cgroup.Usage
		var s cgroup.Sample
		for range 200 {
			if r.Usage(&u) != nil || r.Sample(&s) != nil || u.MemoryLimit != s.Memory.Limit {
				t.Error("readings differ or fail")
				return
			}
		}
	})
}
