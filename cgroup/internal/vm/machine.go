package vm

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Machine is a virtual machine that boots, runs init and ends.
type Machine struct {
	// Parts are the programs from outside.
	Parts
	// Initramfs is the name of an archive with the program /init in it.
	Initramfs string
	// Disk is the name of a file that the machine sees as [DiskDevice].
	Disk string
	// Args are the arguments of init. They must not contain blanks.
	Args []string
}

// Run boots the machine and hands every line of its console to line, until the machine ends. When ctx ends, QEMU is
// killed.
func (m *Machine) Run(ctx context.Context, line func(string)) error {
	cmd := exec.CommandContext(ctx, m.QEMU, m.arguments()...)
	cmd.WaitDelay = 5 * time.Second
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	console, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(console)
	for lines.Scan() {
		line(strings.TrimRight(lines.Text(), "\r"))
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the machine was ended by force: %w", context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("%s: %w: %s", m.QEMU, err, bytes.TrimSpace(complaints.Bytes()))
	default:
		return lines.Err()
	}
}

// arguments returns those of QEMU: a plain PC without any device but a serial line and a disk, whose drivers are built
// into the kernel. A machine that panics, or restarts in any other way, ends.
func (m *Machine) arguments() []string {
	kernel := "console=ttyS0 quiet loglevel=2 panic=-1 reboot=t -- " + strings.Join(m.Args, " ")
	return []string{
		"-M", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "512",
		"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
		"-drive", "file=" + m.Disk + ",format=raw,if=none,id=disk", "-device", "nvme,drive=disk,serial=1",
		"-kernel", m.Kernel, "-initrd", m.Initramfs, "-append", kernel,
	}
}
