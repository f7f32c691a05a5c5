package measure

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

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
	raw, _ := os.ReadFile(filepath.Clean(status)) // without it there is nothing to say
	text := string(raw)
	anon, ok := resident(text, "RssAnon")
	if !ok {
		return m
	}
	goParts(&m, anon)
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
	m.Shared, _ = resident(text, "RssShmem")
	m.Used = max(r.MemoryUsed, anon+m.Shared)
	m.Files = m.Used - anon - m.Shared
	return m
}

// goParts reads what Go has. Where that is more than is resident, the rest has not been
// touched, and is of the heap first.
func goParts(m *diagnose.MemoryParts, anon uint64) {
	var n [7]uint64
	for i, class := range [len(n)]string{"total", "heap/released", "heap/objects", "heap/free", "heap/unused", "heap/stacks", "os-stacks"} {
		n[i] = Uint64(ReadMetric("/memory/classes/" + class + ":bytes"))
	}
	total := n[0] - n[1]
	m.GoHeap, m.GoStacks = n[2]+n[3]+n[4], n[5]+n[6]
	m.GoOther = total - min(total, m.GoHeap+m.GoStacks)
	own := m.GoHeap + m.GoStacks + m.GoOther
	m.NotGo = anon - min(anon, own)
	untouched := own - min(own, anon)
	for _, part := range []*uint64{&m.GoHeap, &m.GoOther, &m.GoStacks} {
		less := min(*part, untouched)
		*part -= less
		untouched -= less
	}
}

// resident returns a figure of /proc/self/status, such as "RssAnon:  1024 kB", in
// bytes.
func resident(status, name string) (uint64, bool) {
	_, rest, _ := strings.Cut(status, name+":")
	text, _, _ := strings.Cut(strings.TrimSpace(rest), " kB")
	n, err := strconv.ParseUint(text, 10, 54)
	return n << 10, err == nil
}
