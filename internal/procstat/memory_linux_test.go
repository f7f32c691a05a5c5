//go:build !holmes_gopsutil

package procstat

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// slack is by how much the memory of this process may move meanwhile, and the kernel may be wrong.
const slack = 16 << 20

// touch reads, or writes, every page.
func touch(m []byte, write bool) (sum byte) {
	for i := 0; i < len(m); i += os.Getpagesize() {
		if write {
			m[i] = 1
		}
		sum += m[i]
	}
	return sum
}

// mmap maps a file, or memory where fd is -1, and returns it with all of its pages in memory.
func mmap(t *testing.T, fd, size, protection, flags int) []byte {
	t.Helper()
	m, err := syscall.Mmap(fd, 0, size, protection, flags)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(m)) })
	touch(m, protection&syscall.PROT_WRITE != 0)
	return m
}

// The pages of a file that is mapped are resident and not used: the kernel drops them when it needs memory. Memory
// without a file and memory that processes share are used, as in a control group.
func TestUsedIsWhatCannotBeDropped(t *testing.T) {
	const size = 96 << 20
	file := testkit.Must(os.Create(filepath.Join(t.TempDir(), "data.db")))(t)
	defer file.Close()
	require.NoError(t, file.Truncate(size))
	// A file in memory is shared memory, and so is a mapping without a file that children share.
	inMemory := testkit.Must(os.Create(filepath.Join(testkit.FastDir(t), "data.db")))(t)
	defer inMemory.Close()
	require.NoError(t, inMemory.Truncate(size))
	const read, write = syscall.PROT_READ, syscall.PROT_READ | syscall.PROT_WRITE

	for _, tt := range []struct {
		name                  string
		fd, protection, flags int
		resident, used        float64
	}{
		{"file", int(file.Fd()), read, syscall.MAP_SHARED, size, 0},
		{"file, private", int(file.Fd()), read, syscall.MAP_PRIVATE, size, 0},
		{"file, private and written", int(file.Fd()), write, syscall.MAP_PRIVATE, size, size},
		{"file in memory", int(inMemory.Fd()), write, syscall.MAP_SHARED, size, size},
		{"shared", -1, write, syscall.MAP_SHARED | syscall.MAP_ANON, size, size},
		{"private", -1, write, syscall.MAP_PRIVATE | syscall.MAP_ANON, size, size},
		{"not touched", -1, 0, syscall.MAP_PRIVATE | syscall.MAP_ANON, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := open("/proc/self")
			defer r.Close()
			before := testkit.Must(r.Memory())(t)
			if tt.protection == 0 {
				m, err := syscall.Mmap(tt.fd, 0, size, write, tt.flags)
				require.NoError(t, err)
				defer func() { require.NoError(t, syscall.Munmap(m)) }()
			} else {
				mmap(t, tt.fd, size, tt.protection, tt.flags)
			}
			after := testkit.Must(r.Memory())(t)
			require.InDelta(t, tt.resident, float64(after.Resident)-float64(before.Resident), slack)
			require.InDelta(t, tt.used, float64(after.Used)-float64(before.Used), slack)
		})
	}
}

// status is read again only if the pages of files and of shared memory have changed.
func TestStatusIsReadOnChange(t *testing.T) {
	dir := t.TempDir()
	page := os.Getpagesize()
	write := func(shared, shmem int) {
		statm := fmt.Sprintf("%d %d %d 0 0 %d 0\n", 1<<30/page, 512<<20/page, shared/page, 256<<20/page)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "statm"), []byte(statm), 0o600))
		status := "Name:\tserver\nGroups:\t" + strings.Repeat("100000 ", 3000) + "\n" + // of a user who is in many groups
			fmt.Sprintf("RssShmem:\t%d kB\n", shmem>>10)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "status"), []byte(status), 0o600))
	}
	write(256<<20, 64<<20)
	r := open(dir)
	defer r.Close()
	used := func() int { return int(testkit.Must(r.Memory())(t).Used >> 20) }
	require.Equal(t, 512-256+64, used())

	write(256<<20, 128<<20)
	require.Equal(t, 512-256+64, used(), "nothing has moved in statm")
	write(300<<20, 128<<20)
	require.Equal(t, 512-300+128, used())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "status"), []byte("Name:\tserver\n"), 0o600)) // before Linux 4.5
	old := open(dir)
	defer old.Close()
	require.Equal(t, 512-300, int(testkit.Must(old.Memory())(t).Used>>20))
}

// The limits of the address space are the process's own: this one sets them for a moment, far above what it has.
func TestRoomOfAddressSpace(t *testing.T) {
	for name, resource := range map[string]int{"RLIMIT_AS": syscall.RLIMIT_AS, "RLIMIT_DATA": syscall.RLIMIT_DATA} {
		t.Run(name, func(t *testing.T) {
			var old syscall.Rlimit
			require.NoError(t, syscall.Getrlimit(resource, &old))
			limit := old
			limit.Cur = 1 << 44
			if old.Cur < limit.Cur {
				t.Skipf("%s is set already", name)
			}
			require.NoError(t, syscall.Setrlimit(resource, &limit))
			r := open("/proc/self")
			defer r.Close()
			require.NoError(t, syscall.Setrlimit(resource, &old))

			before := testkit.Must(r.Memory())(t)
			require.Equal(t, name, before.Rlimit)
			require.Less(t, before.Room, limit.Cur)
			const size = 256 << 20
			m, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
			require.NoError(t, err)
			defer func() { require.NoError(t, syscall.Munmap(m)) }()
			after := testkit.Must(r.Memory())(t)
			require.InDelta(t, size, float64(before.Room)-float64(after.Room), slack)
			require.Less(t, after.Used, before.Used+slack, "it is not touched")
		})
	}
	r := open("/proc/self")
	defer r.Close()
	require.Empty(t, testkit.Must(r.Memory())(t).Rlimit)
}
