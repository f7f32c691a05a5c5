package cgroup_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-holmes/holmes/cgroup"
	"github.com/go-holmes/holmes/internal/realgroup"
)

func init() {
	helper = serveHelper
	if os.Getenv(helperEnv) != "" {
		// /proc/self tells the namespaces of the first thread, which is this one during init.
		runtime.LockOSThread()
	}
}

// answer is what the helper process says to one command.
type answer struct {
	Err    string
	Usage  cgroup.Usage
	Sample cgroup.Sample
	Files  int // open descriptors
}

// serveHelper is the helper process: it obeys the lines of its standard input until that ends, with its parent at the
// latest.
func serveHelper() {
	h := &helperProcess{}
	out := json.NewEncoder(os.Stdout)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var a answer
		verb, rest, _ := strings.Cut(in.Text(), " ")
		if err := h.do(verb, strings.Fields(rest), &a); err != nil {
			a.Err = err.Error()
		}
		if out.Encode(a) != nil {
			return
		}
	}
}

type helperProcess struct {
	reader *cgroup.Reader
	held   [][]byte
	file   *os.File
}

// do carries out one command. The first argument of many is a number.
func (h *helperProcess) do(verb string, args []string, a *answer) (err error) {
	n := 0
	if len(args) > 0 {
		n, _ = strconv.Atoi(args[0])
	}
	switch verb {
	case "open":
		h.reader, err = cgroup.Open()
	case "usage":
		err = h.reader.Usage(&a.Usage)
	case "look":
		a.Usage, err = look(h.reader)
	case "sample":
		err = h.reader.Sample(&a.Sample)
	case "usages", "samples": // so many readings
		for i := 0; i < n && err == nil; i++ {
			err = h.do(strings.TrimSuffix(verb, "s"), nil, a)
		}
	case "join":
		err = joinAll(args)
	case "contain":
		err = contain(n, args[1:])
	case "hold": // so many MiB, apart from the heap
		err = h.hold(n, syscall.MAP_PRIVATE)
	case "share": // as hold, in shared memory
		err = h.hold(n, syscall.MAP_SHARED)
	case "cache":
		err = h.cache(n, args[1])
	case "burn":
		burn(time.Duration(n) * time.Millisecond)
	case "wander":
		err = h.wander(n, args[1:], a)
	default:
		err = fmt.Errorf("unknown command %q", verb)
	}
	return err
}

func joinAll(dirs []string) error {
	for _, dir := range dirs {
		if err := realgroup.Join(dir); err != nil {
			return err
		}
	}
	return nil
}

// contain enters new namespaces and mounts directories there, given in pairs: what, where. That is how containers see
// their groups.
func contain(namespaces int, pairs []string) error {
	if err := syscall.Unshare(namespaces); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep the mounts to ourselves: %w", err)
	}
	for ; len(pairs) > 1; pairs = pairs[2:] {
		if err := syscall.Mount(pairs[0], pairs[1], "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount %v: %w", pairs[:2], err)
		}
	}
	return nil
}

func (h *helperProcess) hold(mib, flag int) error {
	held, err := syscall.Mmap(-1, 0, mib<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|flag)
	for i := 0; i < len(held); i += os.Getpagesize() {
		held[i] = 1
	}
	h.held = append(h.held, held)
	return err
}

// cache writes so many MiB to a file. On the disk, they are still in the page cache, which is charged to the writer. The
// file stays open, because a whole disk loses its cache when it is closed for the last time.
func (h *helperProcess) cache(mib int, path string) (err error) {
	if h.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600); err != nil {
		return err
	}
	part := make([]byte, 64<<10)
	for range mib << 20 / len(part) {
		if _, err := h.file.Write(part); err != nil {
			return err
		}
	}
	return h.file.Sync()
}

// burn uses CPU time.
func burn(d time.Duration) {
	for end := cpuTime() + d; cpuTime() < end; {
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 1 << 62
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// wander moves the process from one directory to the next, so many times, and looks at each.
func (h *helperProcess) wander(moves int, dirs []string, a *answer) (err error) {
	for i := range moves {
		at := i % len(dirs)
		if err := joinAll(dirs[at : at+1]); err != nil {
			return err
		}
		if a.Usage, err = look(h.reader); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir("/proc/self/fd")
	a.Files = len(entries)
	return err
}
