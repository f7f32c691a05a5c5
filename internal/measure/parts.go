package measure

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
)

// SelfStatus is the file of the process's resident memory by kind.
const SelfStatus = "/proc/self/status"

// MemoryParts returns what the memory of r consists of, and nothing where status has
// no resident memory by kind. The groups are those of the same moment, if r is about
// the memory of one. It reads a file of 1.5 KB, so it is for events.
func MemoryParts(status string, r *event.Readings, groups *cgroup.Sample) (m diagnose.MemoryParts) {
	text, _ := os.ReadFile(filepath.Clean(status)) // without it there is nothing to say
	anon, ok := residentKiB(text, "RssAnon:")
	if !ok {
		return m
	}
	own := goParts(&m)
	m.NotGo = anon - min(anon, own)
	if memory := &groups.Memory; r.MemoryScope == "cgroup" && memory.Binding >= 0 && memory.Binding < len(memory.Levels) {
		l := &memory.Levels[memory.Binding]
		if l.Anon == 0 {
			return diagnose.MemoryParts{} // its parts could not be read
		}
		m.Used, m.Shared = l.Used(), l.Shmem
		m.Others = l.Anon - min(l.Anon, anon)
		m.Kernel = m.Used - min(m.Used, l.Anon+l.Shmem)
		return m
	}
	m.Shared, _ = residentKiB(text, "RssShmem:")
	m.Used = max(r.MemoryUsed, anon+m.Shared)
	m.Files = m.Used - anon - m.Shared
	return m
}

// goParts reads what Go has, and returns the sum.
func goParts(m *diagnose.MemoryParts) uint64 {
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"},
		{Name: "/memory/classes/heap/stacks:bytes"},
		{Name: "/memory/classes/os-stacks:bytes"},
	}
	metrics.Read(samples)
	of := func(i int) uint64 { return Uint64(samples[i]) }
	total := of(0) - of(1)
	m.GoHeap, m.GoStacks = of(2)+of(3)+of(4), of(5)+of(6)
	m.GoOther = total - min(total, m.GoHeap+m.GoStacks)
	return total
}

// residentKiB returns a figure of /proc/self/status, such as "RssAnon:  1024 kB", in
// bytes.
func residentKiB(text []byte, name string) (uint64, bool) {
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			n, err := strconv.ParseUint(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 54)
			return n << 10, err == nil
		}
	}
	return 0, false
}
