package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MemoryParts says what the memory of a process, or of its control group, consists of,
// in bytes. A zero field is none, or was not measured.
type MemoryParts struct {
	// Used is all of it: page cache that the kernel can drop does not count.
	Used uint64 `json:"used_bytes,omitempty"`
	// GoHeap is Go's heap: objects in use, garbage, and free space that the runtime
	// has kept. GoStacks is the stacks of goroutines, GoOther what the runtime
	// needs for itself.
	GoHeap   uint64 `json:"go_heap_bytes,omitempty"`
	GoStacks uint64 `json:"go_stacks_bytes,omitempty"`
	GoOther  uint64 `json:"go_other_bytes,omitempty"`
	// NotGo is the process's other memory without a file: that of C and of mappings.
	NotGo uint64 `json:"not_go_bytes,omitempty"`
	// Shared is shared memory and the files of a tmpfs, Files mapped files.
	Shared uint64 `json:"shared_bytes,omitempty"`
	Files  uint64 `json:"files_bytes,omitempty"`
	// Others is the memory of the group's other processes, without files.
	Others uint64 `json:"other_processes_bytes,omitempty"`
	// Kernel is the rest of what the group is charged with.
	Kernel uint64 `json:"kernel_bytes,omitempty"`
}

// A part is one of [MemoryParts] that is not Go's heap.
type part struct {
	name  string
	bytes int64
}

func (m *MemoryParts) parts() [7]uint64 {
	return [...]uint64{m.Others, m.NotGo, m.Shared, m.Files, m.GoStacks, m.GoOther, m.Kernel}
}

// partName returns the name of one of parts.
func partName(i int) string {
	return [...]string{
		"other processes of the group", "memory of C or mappings", "tmpfs files and shared memory", "mapped files",
		"goroutine stacks", "the Go runtime itself", "the kernel",
	}[i]
}

// A breakdown says what the growth of memory consists of, or all memory in use if
// there is nothing to compare it with.
type breakdown struct {
	what              string
	all, heap, stacks int64
	rest              []*part
}

// between compares two moments.
func between(was, is *MemoryParts) breakdown {
	b := breakdown{
		all: int64(is.Used - was.Used), heap: int64(is.GoHeap - was.GoHeap), stacks: int64(is.GoStacks - was.GoStacks),
	}
	before := was.parts()
	for i, bytes := range is.parts() {
		b.rest = append(b.rest, &part{partName(i), int64(bytes - before[i])})
	}
	slices.SortFunc(b.rest, func(x, y *part) int { return cmp.Compare(y.bytes, x.bytes) })
	return b
}

func (a *analysis) breakdown() breakdown {
	if a.Signal != "mem" { // the others are not about all of the memory
		return breakdown{}
	}
	what, calm, now := "extra memory", &a.calm.Memory, &a.Event.Memory
	if calm.Used == 0 || now.Used < calm.Used+now.Used/10 { // calm times have the growth, too
		what, calm = "in use", new(MemoryParts)
	}
	b := between(calm, now)
	b.what = what
	return b
}

// outside reports whether Go's heap explains less than half of it.
func (b *breakdown) outside() bool { return b.all > 0 && b.heap < b.all/2 }

func (b *breakdown) String() string {
	return fmt.Sprintf("of %s %s Go's heap has %s", mebibytes(b.all), b.what, mebibytes(max(b.heap, 0))) + b.others()
}

// String lists the parts of at least a twentieth, the largest first after Go's heap. It
// is empty if the parts are not known.
func (m *MemoryParts) String() string {
	if m.Used == 0 {
		return ""
	}
	b := between(new(MemoryParts), m)
	return "Go's heap " + mebibytes(b.heap) + b.others()
}

// others lists the parts of at least a twentieth.
func (b *breakdown) others() string {
	var out strings.Builder
	for _, p := range b.rest {
		if p.bytes > 0 && p.bytes >= b.all/20 {
			out.WriteString(", " + p.name + " " + mebibytes(p.bytes))
		}
	}
	return out.String()
}

// more is what the sentence says after the breakdown: whose the heap is.
func (f *cause) more() string {
	switch {
	case f.says != "":
		return "; " + f.says
	case len(f.culprits) == 0:
		return ""
	case f.compared:
		return "; most of the extra heap is allocated by " + list(f.culprits)
	default:
		return "; most of the heap is allocated by " + list(f.culprits)
	}
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", (n+1<<19)>>20) }
