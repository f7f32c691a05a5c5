package vm_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup/internal/vm"
)

// deadline is for one machine. It takes ten to twenty seconds where nothing else runs, and a minute where much does.
const deadline = 6 * time.Minute

// TestVM runs the tests of package cgroup in a virtual machine for each layout.
func TestVM(t *testing.T) {
	parts, err := vm.FindParts()
	if os.Getenv("HOLMES_VM") != "1" {
		t.Skip("left to make test-cgroup-vm; ", cmp.Or(err, errors.New("nothing is missing")))
	}
	require.NoError(t, err)
	initramfs := buildInitramfs(t)
	for _, l := range vm.Layouts() {
		t.Run(l.Name, func(t *testing.T) {
			m := vm.Machine{Parts: parts, Initramfs: initramfs, Disk: newDisk(t), Args: []string{
				l.Name, "-test.v", "-test.timeout=5m", "-test.run=^(" + strings.Join(l.Tests, "|") + ")",
			}}
			ctx, cancel := context.WithTimeout(t.Context(), deadline)
			defer cancel()
			report := vm.NewReport()
			err := m.Run(ctx, func(line string) {
				_, _ = fmt.Fprintln(t.Output(), line)
				report.Read(line)
			})
			require.NoError(t, err)
			require.NoError(t, report.Verdict(l))
			t.Logf("kernel %s, %s: passed %s", report.Kernel, l.Name, strings.Join(report.Passed, " "))
		})
	}
}

// buildInitramfs compiles init and the tests.
func buildInitramfs(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var files []vm.File
	for _, p := range []struct {
		path, dir string
		command   []string
	}{
		{vm.InitPath, "init", []string{"build"}},
		{"/cgroup.test", "../..", []string{"test", "-c"}},
		{"/differential.test", "../../differential", []string{"test", "-c"}}, // a module of its own
		{"/race.test", "../../../scripts/oom-table/race", []string{"test", "-c"}},
	} {
		f := vm.File{Path: p.path, From: filepath.Join(dir, filepath.Base(p.path))}
		compile(t, f.From, p.dir, p.command...)
		files = append(files, f)
	}
	file, err := os.Create(filepath.Join(dir, "initramfs"))
	require.NoError(t, err)
	require.NoError(t, vm.WriteInitramfs(file, files...))
	require.NoError(t, file.Close())
	return file.Name()
}

// compile makes a static program for the machine out of the package in a directory.
func compile(t *testing.T, to, dir string, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append(command, "-trimpath", "-ldflags=-s -w", "-o", to)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", cmd, out)
}

// newDisk makes an empty disk, which takes space only where it is written to.
func newDisk(t *testing.T) string {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	require.NoError(t, err)
	require.NoError(t, file.Truncate(256<<20))
	require.NoError(t, file.Close())
	return file.Name()
}
