package dump_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/testkit"
)

// fixedModes is a file system in user space whose files all have one owner and one mode,
// as the mount options of SMB and vfat say. It has no other state than a directory, and
// serves one request after the other.
type fixedModes struct {
	device  int
	backing string
	owner   uint32
	mode    uint32
	strict  bool // a change of mode is an error, else it does nothing

	paths []string // of nodes, below backing; the number of a node is its index
	files []*os.File
}

// The requests of the kernel that the store makes it send, and some that need no
// answer, from linux/fuse.h.
const (
	opLookup, opForget, opGetattr, opSetattr = 1, 2, 3, 4
	opMkdir, opUnlink, opRmdir, opRename     = 9, 10, 11, 12
	opOpen, opRead, opWrite, opStatfs        = 14, 15, 16, 17
	opRelease, opFsync, opFlush, opInit      = 18, 20, 25, 26
	opOpendir, opReaddir, opReleasedir       = 27, 28, 29
	opFsyncdir, opCreate, opInterrupt        = 30, 35, 36
	opBatchForget, opRename2                 = 42, 45
)

// mountFixed returns a function that mounts such a file system as a volume.
func mountFixed(owner, mode uint32, strict bool) func(t *testing.T, path string) {
	return func(t *testing.T, path string) {
		t.Helper()
		device, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
		if err != nil {
			t.Skipf("this machine has no file systems in user space: %v", err)
		}
		f := &fixedModes{device: device, backing: t.TempDir(), owner: owner, mode: mode, strict: strict, paths: []string{"", "."}}
		var ended chan error
		t.Cleanup(func() { // after it is unmounted
			if ended != nil {
				require.NoError(t, <-ended)
			}
			require.NoError(t, syscall.Close(device))
		})
		testkit.Mount(t, "fixed", path, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions", device))
		ended = make(chan error, 1)
		go func() { ended <- f.serve() }()
	}
}

// serve answers requests until the file system is unmounted.
func (f *fixedModes) serve() error {
	buf := make([]byte, 1<<20)
	for {
		n, err := syscall.Read(f.device, buf)
		switch {
		case errors.Is(err, syscall.ENODEV):
			return nil
		case errors.Is(err, syscall.EINTR), errors.Is(err, syscall.ENOENT): // the request was taken back
			continue
		case err != nil:
			return err
		}
		req := buf[:n]
		op := binary.NativeEndian.Uint32(req[4:])
		if op == opForget || op == opBatchForget || op == opInterrupt {
			continue
		}
		out, err := f.answer(op, int(binary.NativeEndian.Uint64(req[16:])), req[40:])
		code := syscall.Errno(0)
		if err != nil && !errors.As(err, &code) {
			return err
		}
		if code != 0 {
			out = nil
		}
		head := pack(uint32(16+len(out)), -int32(code), binary.NativeEndian.Uint64(req[8:]))
		if _, err := syscall.Write(f.device, append(head, out...)); err != nil && !errors.Is(err, syscall.ENOENT) {
			return err
		}
	}
}

func pack(fields ...any) []byte {
	var b bytes.Buffer
	for _, field := range fields {
		_ = binary.Write(&b, binary.NativeEndian, field) // a buffer takes it all
	}
	return b.Bytes()
}

func (f *fixedModes) answer(op uint32, node int, in []byte) ([]byte, error) {
	u32 := func(at int) uint32 { return binary.NativeEndian.Uint32(in[at:]) }
	u64 := func(at int) uint64 { return binary.NativeEndian.Uint64(in[at:]) }
	at := func(name []byte) string {
		return filepath.Join(f.paths[node], string(bytes.TrimRight(name, "\x00")))
	}
	switch op {
	case opInit:
		return pack(uint32(7), uint32(31), u32(8), uint32(0), uint16(0), uint16(0), uint32(1<<16), uint32(1), [9]uint32{}), nil
	case opLookup:
		return f.entry(at(in))
	case opGetattr:
		attr, err := f.attr(f.paths[node])
		return pack(uint64(0), uint64(0), attr), err
	case opSetattr:
		return f.setattr(node, u32(0), int64(u64(16)))
	case opMkdir:
		if err := syscall.Mkdir(f.real(at(in[8:])), 0o700); err != nil {
			return nil, err
		}
		return f.entry(at(in[8:]))
	case opUnlink:
		return nil, syscall.Unlink(f.real(at(in)))
	case opRmdir:
		return nil, syscall.Rmdir(f.real(at(in)))
	case opRename, opRename2:
		names := bytes.SplitN(in[map[uint32]int{opRename: 8, opRename2: 16}[op]:], []byte{0}, 3)
		return nil, f.rename(at(names[0]), filepath.Join(f.paths[u64(0)], string(names[1])))
	case opCreate:
		opened, err := f.open(at(in[16:]), int(u32(0))|os.O_CREATE)
		if err != nil {
			return nil, err
		}
		entry, err := f.entry(at(in[16:]))
		return append(entry, opened...), err
	case opOpen:
		return f.open(f.paths[node], int(u32(0)))
	case opOpendir:
		return f.open(f.paths[node], os.O_RDONLY)
	case opRead:
		buf := make([]byte, u32(16))
		n, err := syscall.Pread(int(f.files[u64(0)].Fd()), buf, int64(u64(8)))
		return buf[:max(n, 0)], err
	case opWrite:
		n, err := syscall.Pwrite(int(f.files[u64(0)].Fd()), in[40:40+u32(16)], int64(u64(8)))
		return pack(uint64(max(n, 0))), err
	case opReaddir:
		return f.list(node, u64(8))
	case opRelease, opReleasedir:
		return nil, f.files[u64(0)].Close()
	case opStatfs:
		return pack([5]uint64{1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20}, [4]uint32{4096, 255, 4096}, [6]uint32{}), nil
	case opFlush, opFsync, opFsyncdir:
		return nil, nil
	}
	return nil, syscall.ENOSYS
}

func (f *fixedModes) real(path string) string { return filepath.Join(f.backing, path) }

// attr returns what the kernel is told of a file.
func (f *fixedModes) attr(path string) ([]byte, error) {
	var s syscall.Stat_t
	if err := syscall.Lstat(f.real(path), &s); err != nil {
		return nil, err
	}
	mode := s.Mode&syscall.S_IFMT | f.mode
	return pack(s.Ino, uint64(s.Size), [4]uint64{}, [3]uint32{}, mode, uint32(1), f.owner, f.owner, [3]uint32{}), nil
}

// entry returns the node of a path, which may be a new one.
func (f *fixedModes) entry(path string) ([]byte, error) {
	attr, err := f.attr(path)
	if err != nil {
		return nil, err
	}
	f.paths = append(f.paths, path)
	return pack(uint64(len(f.paths)-1), [3]uint64{}, uint64(0), attr), nil
}

func (f *fixedModes) setattr(node int, valid uint32, size int64) ([]byte, error) {
	const mode, length = 1, 8
	if valid&mode != 0 && f.strict {
		return nil, syscall.EPERM
	}
	if valid&length != 0 {
		if err := syscall.Truncate(f.real(f.paths[node]), size); err != nil {
			return nil, err
		}
	}
	attr, err := f.attr(f.paths[node])
	return pack(uint64(0), uint64(0), attr), err
}

func (f *fixedModes) rename(from, to string) error {
	if err := syscall.Rename(f.real(from), f.real(to)); err != nil {
		return err
	}
	for i, path := range f.paths {
		if rest, ok := strings.CutPrefix(path, from); ok && (rest == "" || rest[0] == '/') {
			f.paths[i] = to + rest
		}
	}
	return nil
}

func (f *fixedModes) open(path string, flag int) ([]byte, error) {
	file, err := os.OpenFile(f.real(path), flag&^syscall.O_NOFOLLOW, 0o600)
	if pathErr := new(fs.PathError); errors.As(err, &pathErr) {
		return nil, pathErr.Err
	}
	f.files = append(f.files, file)
	return pack(uint64(len(f.files)-1), uint64(0)), err
}

func (f *fixedModes) list(node int, from uint64) ([]byte, error) {
	entries, err := os.ReadDir(f.real(f.paths[node]))
	var out []byte
	for i, entry := range entries {
		if uint64(i) < from || len(out) > 2000 {
			continue
		}
		kind := uint32(syscall.DT_REG)
		if entry.IsDir() {
			kind = syscall.DT_DIR
		}
		name := entry.Name()
		out = append(out, pack(uint64(1), uint64(i+1), uint32(len(name)), kind, []byte(name), make([]byte, -len(name)&7))...)
	}
	return out, err
}
