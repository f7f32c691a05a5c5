package measure_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/measure"
	"github.com/go-holmes/holmes/internal/testkit"
)

const gib uint64 = 1 << 30

func status(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "status")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// The process has 3 GiB of its own, 1 GiB of shared memory and 2 GiB of files.
const resident = "Name:\tshop\nVmRSS:\t 6291456 kB\nRssAnon:\t 3145728 kB\nRssFile:\t 2097152 kB\nRssShmem:\t 1048576 kB\n"

func TestMemoryPartsOfAProcess(t *testing.T) {
	groups := &cgroup.Sample{Memory: cgroup.Memory{Levels: []cgroup.MemoryLevel{{Usage: 100 * gib}}}} // of no concern
	m := measure.MemoryParts(status(t, resident), &event.Readings{MemoryUsed: 6 * gib, MemoryScope: "process"}, groups)
	requireParts(t, 6*gib, m)
	require.Equal(t, 3*gib, m.NotGo+m.GoHeap+m.GoStacks+m.GoOther)
	require.Equal(t, gib, m.Shared)
	require.Equal(t, 2*gib, m.Files)

	m = measure.MemoryParts(status(t, resident), &event.Readings{MemoryUsed: gib, MemoryScope: "process"}, groups)
	requireParts(t, 4*gib, m) // the used memory is that of the tick before
}

// What Go has mapped and nothing has touched is no memory in use: the parts are no more
// than all of it.
func TestMemoryPartsAreResident(t *testing.T) {
	for _, anon := range []uint64{512, 64} { // KiB, which is less than Go has of any test
		text := fmt.Sprintf("RssAnon:\t %d kB\nRssShmem:\t 0 kB\n", anon)
		m := measure.MemoryParts(status(t, text), &event.Readings{MemoryScope: "process"}, new(cgroup.Sample))
		requireParts(t, anon<<10, m)
	}
}

func TestMemoryPartsOfAGroup(t *testing.T) {
	level := cgroup.MemoryLevel{Usage: 20 * gib, InactiveFile: 4 * gib, Anon: 10 * gib, Shmem: 5 * gib}
	groups := &cgroup.Sample{Memory: cgroup.Memory{Levels: []cgroup.MemoryLevel{{Usage: gib}, level}, Binding: 1}}
	r := &event.Readings{MemoryUsed: 12 * gib, MemoryScope: "cgroup"}
	m := measure.MemoryParts(status(t, resident), r, groups)
	requireParts(t, 16*gib, m)
	require.Equal(t, 7*gib, m.Others)
	require.Equal(t, 5*gib, m.Shared)
	require.Equal(t, gib, m.Kernel)
	require.Zero(t, m.Files)

	groups.Memory.Binding = 0 // only its usage could be read
	require.Zero(t, measure.MemoryParts(status(t, resident), r, groups))
	groups.Memory.Binding = -1
	require.Equal(t, 12*gib, measure.MemoryParts(status(t, resident), r, groups).Used)
}

func TestMemoryPartsThatAreNotKnown(t *testing.T) {
	for _, text := range []string{"", "Name:\tshop\n", "RssAnon:\t many kB\n", "RssAnon:\t 99999999999999999999 kB\n"} {
		m := measure.MemoryParts(status(t, text), &event.Readings{MemoryUsed: gib}, new(cgroup.Sample))
		require.Equal(t, diagnose.MemoryParts{}, m, text)
	}
	m := measure.MemoryParts(filepath.Join(t.TempDir(), "none"), &event.Readings{MemoryUsed: gib}, new(cgroup.Sample))
	require.Equal(t, diagnose.MemoryParts{}, m)
}

// requireParts asserts that the parts are all that is used.
func requireParts(t *testing.T, used uint64, m diagnose.MemoryParts) {
	t.Helper()
	require.Equal(t, used, m.Used)
	require.Equal(t, used, m.GoHeap+m.GoStacks+m.GoOther+m.NotGo+m.Shared+m.Files+m.Others+m.Kernel, "%+v", m)
}

// A mapping of the process is memory outside Go.
func TestMemoryPartsOfThisProcess(t *testing.T) {
	const size = 64 << 20
	read := func() diagnose.MemoryParts {
		return measure.MemoryParts(measure.SelfStatus, new(event.Readings), new(cgroup.Sample))
	}
	debug.FreeOSMemory() // memory of other tests that Go keeps need not be resident
	before := read()
	memory := testkit.Must(syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE))(t)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	after := read()
	require.NoError(t, syscall.Munmap(memory))
	require.Greater(t, after.NotGo, before.NotGo+size/2)
}
