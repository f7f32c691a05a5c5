package vm

import (
	"errors"
	"os"
	"os/exec"
	"strings"
)

// Parts are what a machine needs and this module does not have.
type Parts struct {
	QEMU   string // the program
	Kernel string // an uncompressed kernel, with the drivers of the serial line and of NVMe disks built in
}

// KernelEnv names the environment variable that holds the file name of the kernel.
const KernelEnv = "HOLMES_VM_KERNEL"

// FindParts looks for QEMU among the programs of the system, and for the kernel that [KernelEnv] names. The error says, in
// one line, what is missing and how to get it.
func FindParts() (Parts, error) {
	var missing []string
	qemu, err := exec.LookPath("qemu-system-x86_64")
	if err != nil {
		missing = append(missing, "no QEMU: apt-get install qemu-system-x86")
	}
	kernel := os.Getenv(KernelEnv)
	if _, err := os.Stat(kernel); err != nil {
		missing = append(missing, "no kernel at $"+KernelEnv+": scripts/vm-kernel gets one and prints its name")
	}
	if len(missing) > 0 {
		return Parts{}, errors.New(strings.Join(missing, "; "))
	}
	return Parts{qemu, kernel}, nil
}
