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

// A part is one of [MemoryParts] by its name.
type part struct {
	name  string
	bytes int64
}

// parts lists what is not Go's heap.
func (m *MemoryParts) parts() []part {
	return []part{
		{"other processes of the group", int64(m.Others)}, {"memory of C or mappings", int64(m.NotGo)},
		{"tmpfs files and shared memory", int64(m.Shared)}, {"mapped files", int64(m.Files)},
		{"goroutine stacks", int64(m.GoStacks)}, {"the Go runtime itself", int64(m.GoOther)}, {"the kernel", int64(m.Kernel)},
	}
}

// A breakdown says what the growth of memory consists of, or all memory in use if
// there is nothing to compare it with.
type breakdown struct {
	what              string
	all, heap, stacks int64
	rest              []part
}

// String lists the parts of at least a twentieth, the largest first after Go's heap. It
// is empty if the parts are not known.
func (m MemoryParts) String() string {
	b := between(new(MemoryParts), &m)
	if b.all == 0 {
		return ""
	}
	return "Go's heap " + mebibytes(b.heap) + b.others()
}

// between compares two moments.
func between(was, is *MemoryParts) breakdown {
	b := breakdown{
		all: int64(is.Used) - int64(was.Used), heap: int64(is.GoHeap) - int64(was.GoHeap),
		stacks: int64(is.GoStacks) - int64(was.GoStacks), rest: is.parts(),
	}
	for i, p := range was.parts() {
		b.rest[i].bytes -= p.bytes
	}
	slices.SortStableFunc(b.rest, func(x, y part) int { return cmp.Compare(y.bytes, x.bytes) })
	return b
}

func (a *analysis) breakdown() breakdown {
	if a.Signal != "mem" { // the others are not about all of the memory
		return breakdown{}
	}
	calm, now := &a.calm.Memory, &a.Event.Memory
	if b := between(calm, now); calm.Used > 0 && b.all > int64(now.Used)/10 { // else calm times have the growth, too
		b.what = "extra memory"
		return b
	}
	b := between(new(MemoryParts), now)
	b.what = "memory in use"
	return b
}

// outside reports whether Go's heap explains less than half of it.
func (b *breakdown) outside() bool { return b.all > 0 && b.heap < b.all/2 }

func (b *breakdown) String() string {
	return fmt.Sprintf("of %s %s Go's heap has %s", mebibytes(b.all), b.what, mebibytes(max(b.heap, 0))) + b.others()
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
