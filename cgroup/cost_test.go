package cgroup_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
)

// Every call of Usage makes at most three system calls, each of which reads one file, in every fixture.
func TestUsageCosts(t *testing.T) {
	for _, name := range fixtureNames(t) {
		t.Run(name, func(t *testing.T) {
			var d disk
			r, err := cgroup.Open(cgroup.WithRoot(string(newTree(t, name))), cgroup.WithOpen(d.open))
			if errors.Is(err, cgroup.ErrUnavailable) {
				t.Skip("a fixture with nothing to read: ", err)
			}
			require.NoError(t, err)
			defer r.Close()
			opened, most := d.opened, 0
			for range 100 {
				before := d.read
				usage(t, r)
				most = max(most, d.read-before)
			}
			require.LessOrEqual(t, most, 3)
			require.Equal(t, opened, d.opened, "nothing is opened again")
		})
	}
}

// layouts are the trees that costs are measured for.
var layouts = []struct{ name, fixture string }{
	{"v2 one level", "docker-v2"},
	{"v2 one level below half", "octal-escapes"},
	{"v2 five levels", "k8s-v2-pod-limit"},
	{"v1 one level", "docker-v1-hostns"},
	{"v1 five levels", "k8s-v1-container-limit"},
}

func TestReadingsAllocateNothing(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			r := openPlain(t, newTree(t, l.fixture))
			var u cgroup.Usage
			var s cgroup.Sample
			require.Zero(t, testing.AllocsPerRun(100, func() { _ = r.Usage(&u) }))
			require.Zero(t, testing.AllocsPerRun(100, func() { _ = r.Sample(&s) }))
		})
	}
}

func BenchmarkUsage(b *testing.B) {
	for _, l := range layouts {
		b.Run(l.name, func(b *testing.B) {
			r := openPlain(b, newTree(b, l.fixture))
			var u cgroup.Usage
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Usage(&u); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSample(b *testing.B) {
	for levels := 1; levels <= 5; levels += 2 {
		b.Run(fmt.Sprintf("v2 levels=%d", levels), func(b *testing.B) {
			r := openPlain(b, nested(b, levels))
			var s cgroup.Sample
			b.ReportAllocs()
			for b.Loop() {
				if err := r.Sample(&s); err != nil {
					b.Fatal(err)
				}
			}
			require.Len(b, s.Memory.Levels, levels)
		})
	}
}

// BenchmarkMove is the price of a call that finds the process in another group.
func BenchmarkMove(b *testing.B) {
	root := newTree(b, "nested-limit-on-parent-only")
	r := openPlain(b, root)
	groups := []string{"0::/parent\n", "0::/parent/leaf\n"}
	var u cgroup.Usage
	i := 0
	for b.Loop() {
		b.StopTimer()
		root.set(b, "proc/self/cgroup", groups[i%2])
		i++
		b.StartTimer()
		if err := r.Usage(&u); err != nil {
			b.Fatal(err)
		}
	}
}

// nested makes a tree of v2 with as many levels, each as the container of docker-v2.
func nested(t testing.TB, levels int) tree {
	t.Helper()
	f := readFixture(t, "docker-v2")
	root := f.write(t)
	group := ""
	for range levels - 1 {
		group += "/group"
		for _, name := range f.names {
			var file string
			if n, _ := fmt.Sscanf(name, "sys/fs/cgroup/%s", &file); n == 1 {
				root.set(t, "sys/fs/cgroup"+group+"/"+file, f.files[name])
			}
		}
	}
	root.set(t, "proc/self/cgroup", "0::"+group+"/\n"[min(1, len(group)):])
	return root
}

// openPlain opens a reader that nothing stands between.
func openPlain(t testing.TB, root tree) *cgroup.Reader {
	t.Helper()
	r, err := cgroup.Open(cgroup.WithRoot(string(root)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r
}
