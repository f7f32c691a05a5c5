// Command init is the first program of a virtual machine: it mounts the control groups of the layout that its first
// argument names, runs the tests with the other arguments, tells the console how they ended, and switches the machine
// off. The kernel hands on as arguments what stands behind "--" in its command line.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/go-holmes/holmes/cgroup/internal/vm"
)

func main() {
	console := log.New(os.Stdout, vm.Mark, 0)
	code, err := run(console, os.Args[1:])
	if err != nil {
		console.Print(err)
	}
	if code != 0 {
		console.Printf("the kernel's last words:\n%s", kernelLog())
	}
	console.Printf(vm.ExitFormat, code)
	// To restart is to end: that is how QEMU was started. It needs no driver, as switching off would.
	console.Print(syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART))
}

// run returns the exit code of the tests.
func run(console *log.Logger, args []string) (int, error) {
	if err := mountAll(base); err != nil {
		return -1, err
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return -1, err
	}
	console.Printf(vm.KernelFormat, strings.TrimSpace(string(release)))
	if len(args) == 0 {
		return -1, errors.New("no layout is named")
	}
	layouts := vm.Layouts()
	i := slices.IndexFunc(layouts, func(l vm.Layout) bool { return l.Name == args[0] })
	if i < 0 {
		return -1, fmt.Errorf("no layout has the name %q", args[0])
	}
	if err := mountAll(layouts[i].Mounts); err != nil {
		return -1, err
	}
	return test(args[1:])
}

// test runs all test programs and returns the exit code of the first that fails.
func test(args []string) (int, error) {
	programs, err := filepath.Glob(vm.TestPattern)
	if err != nil {
		return -1, err
	}
	for _, program := range programs {
		if code, err := runProgram(program, args); code != 0 || err != nil {
			return code, err
		}
	}
	return 0, nil
}

func runProgram(program string, args []string) (int, error) {
	cmd := exec.Command(program, args...) //nolint:noctx // it has a time limit of its own, and the machine another
	cmd.Env = append(os.Environ(), vm.DiskEnv+"="+vm.DiskDevice)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stdout
	err := cmd.Run()
	if _, failed := errors.AsType[*exec.ExitError](err); failed {
		err = nil // the code says it
	}
	return cmd.ProcessState.ExitCode(), err
}

// kernelLog returns the end of what the kernel has logged, of which the console shows only what is hopeless.
func kernelLog() []byte {
	const readAll = 3
	text := make([]byte, 4<<10)
	n, err := syscall.Klogctl(readAll, text)
	if err != nil {
		return []byte(err.Error())
	}
	return text[:n]
}

// base is what every system has mounted.
var base = []vm.Mount{ //nolint:gochecknoglobals // a constant table
	{Type: "proc", Dir: "/proc"},
	{Type: "sysfs", Dir: "/sys"},
	{Type: "devtmpfs", Dir: "/dev"},
	{Type: "tmpfs", Dir: "/tmp"},
}

func mountAll(mounts []vm.Mount) error {
	for _, m := range mounts {
		if err := mount(m); err != nil {
			return fmt.Errorf("mount %s at %s: %w", m.Type, m.Dir, err)
		}
	}
	return nil
}

func mount(m vm.Mount) error {
	if err := os.MkdirAll(m.Dir, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(m.Type, m.Dir, m.Type, 0, m.Options); err != nil {
		return err
	}
	for _, controller := range m.Enable {
		if err := os.WriteFile(m.Dir+"/cgroup.subtree_control", []byte("+"+controller), 0); err != nil {
			return err
		}
	}
	return link(m)
}

// link gives each controller of a hierarchy of v1 a name of its own beside the common one, as systemd does.
func link(m vm.Mount) error {
	for name := range strings.SplitSeq(m.Options, ",") {
		dir, common := filepath.Split(m.Dir)
		if name == "" || name == common {
			continue
		}
		if err := os.Symlink(common, dir+name); err != nil {
			return err
		}
	}
	return nil
}
