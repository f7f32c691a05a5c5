package vm_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup/internal/vm"
)

// The archive, field by field: see initramfs-buffer-format.rst of the kernel's documentation.
func TestInitramfs(t *testing.T) {
	from := filepath.Join(t.TempDir(), "program")
	require.NoError(t, os.WriteFile(from, []byte("hello"), 0o600))
	var got bytes.Buffer
	require.NoError(t, vm.WriteInitramfs(&got, vm.File{Path: "/init", From: from}))

	const zero = "00000000"
	head := func(inode, mode, size, name string) string {
		return "070701" + inode + mode + zero + zero + "00000001" + zero + size + zero + zero + zero + zero + name + zero
	}
	want := head("00000001", "000081ed", "00000005", "00000005") + "init\x00" + "\x00" + "hello" + "\x00\x00\x00" +
		head(zero, zero, zero, "0000000b") + "TRAILER!!!\x00" + "\x00\x00\x00"
	require.Equal(t, want, got.String())
	require.Zero(t, got.Len()%4)
}

func TestInitramfsFails(t *testing.T) {
	require.ErrorIs(t, vm.WriteInitramfs(new(bytes.Buffer), vm.File{Path: "/init", From: t.TempDir() + "/none"}), os.ErrNotExist)
	full := errors.New("the disk is full")
	require.ErrorIs(t, vm.WriteInitramfs(failing{full}), full)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// Nothing of the layouts can be mistaken by the kernel's command line, which knows no quoting.
func TestLayoutNames(t *testing.T) {
	for _, l := range vm.Layouts() {
		require.False(t, strings.ContainsAny(l.Name+strings.Join(l.Tests, ""), " \t\"'"))
	}
}
