package blackbox

import (
	"os"
	"syscall"
	"unsafe"
)

// The file systems whose pages are never written back, so that no access to
// them waits for a disk; from linux/magic.h.
const (
	tmpfsMagic = 0x01021994
	ramfsMagic = 0x858458f6
)

// livesInMemory reports whether mapping a file cannot make the host wait.
func livesInMemory(f *os.File) bool {
	var st syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &st); err != nil {
		return false
	}
	kind := uint32(st.Type) // which is signed on some machines
	return kind == tmpfsMagic || kind == ramfsMagic
}

// mapFile maps the beginning of a file for reading and writing, and touches every
// page, so that no page fault is left for later.
func mapFile(f *os.File, words int) ([]uint64, error) {
	data, err := syscall.Mmap(int(f.Fd()), 0, words*wordSize,
		syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED|syscall.MAP_POPULATE)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(data))), words), nil
}

// offHeap moves words to memory that the garbage collector does not count: in a
// process with a small heap they would make it run more often. If that fails they
// stay.
func offHeap(words []uint64) (moved []uint64, off bool) {
	data, err := syscall.Mmap(-1, 0, len(words)*wordSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return words, false
	}
	moved = unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(data))), len(words))
	copy(moved, words)
	return moved, true
}

func unmapFile(words []uint64) error {
	return os.NewSyscallError("munmap", syscall.Munmap(asBytes(words)))
}
