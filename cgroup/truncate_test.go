package cgroup_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

// Every file of these trees is cut off at every place; in the usual run at every
// 17th. Whatever is left, nothing panics, and a limit is either the
// right one or missing with a reason: never a number that the file did not contain.
func TestCutOffAnywhere(t *testing.T) {
	for _, name := range []string{"docker-v2", "k8s-v1-pod-limit", "nested-limit-on-parent-only"} {
		t.Run(name, func(t *testing.T) {
			f := readFixture(t, name)
			root := f.write(t)
			whole := sample(t, openPlain(t, root))
			for _, file := range f.names {
				if file == "want" || strings.HasSuffix(file, ".pressure") {
					continue
				}
				for n := 0; n < len(f.files[file]); n += testkit.Heavy(1, 17) {
					root.set(t, file, f.files[file][:n])
					requireNoInvention(t, root, &whole, file, n)
				}
				root.set(t, file, f.files[file])
			}
		})
	}
}

func requireNoInvention(t *testing.T, root tree, whole *cgroup.Sample, file string, n int) {
	t.Helper()
	r, err := cgroup.Open(cgroup.WithRoot(string(root)))
	if err != nil {
		require.ErrorIs(t, err, cgroup.ErrUnavailable)
		return
	}
	defer r.Close()
	var s cgroup.Sample
	require.NoError(t, r.Sample(&s))
	const hints = cgroup.UnseenMemory | cgroup.UnseenMemoryLimit | cgroup.UnseenMemoryStat | cgroup.UnseenCPU |
		cgroup.UnseenCPULimit | cgroup.UnseenLeaf
	if s.Memory.Limit != whole.Memory.Limit || s.CPU.Limit != whole.CPU.Limit {
		require.True(t, s.Unseen.Has(hints), "%s cut off at %d: no reason for %+v", file, n, s)
	}
	if s.Memory.Limit != whole.Memory.Limit {
		require.Zero(t, s.Memory.Limit, "%s cut off at %d", file, n)
	}
	if s.CPU.Limit != whole.CPU.Limit {
		require.Zero(t, s.CPU.Limit, "%s cut off at %d", file, n)
	}
}
