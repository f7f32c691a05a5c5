package vm_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/cgroup/internal/vm"
)

// newFake returns a machine whose QEMU is this binary, which plays the named part in [TestMain].
func newFake(t *testing.T, part string) *vm.Machine {
	t.Helper()
	t.Setenv(fakeEnv, part)
	return &vm.Machine{Parts: vm.Parts{QEMU: os.Args[0]}}
}

func TestMachineEnds(t *testing.T) {
	var lines []string
	require.NoError(t, newFake(t, partEnds).Run(t.Context(), func(line string) { lines = append(lines, line) }))
	require.Equal(t, []string{"one", "two"}, lines)
}

func TestMachineFails(t *testing.T) {
	err := newFake(t, partFails).Run(t.Context(), func(string) {})
	require.ErrorContains(t, err, "no such kernel")
}

// A machine that goes on for ever is ended.
func TestMachineHangs(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := newFake(t, partHangs).Run(ctx, func(string) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

func TestMachineWithoutQEMU(t *testing.T) {
	m := vm.Machine{Parts: vm.Parts{QEMU: t.TempDir() + "/none"}}
	require.ErrorIs(t, m.Run(t.Context(), func(string) {}), os.ErrNotExist)
}

// The error names the missing parts and how to get them.
func TestMissingParts(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(vm.KernelEnv, "")
	_, err := vm.FindParts()
	require.ErrorContains(t, err, "apt-get install qemu-system-x86")
	require.ErrorContains(t, err, "scripts/vm-kernel")
	require.NotContains(t, err.Error(), "\n")
}
