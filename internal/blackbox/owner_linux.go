package blackbox

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"
)

// identify fills in what identifies this process, as far as /proc shows it.
func (h *Header) identify() {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	h.BootID = cut(string(bytes.TrimSpace(boot)), (wordHeaderSum-wordBoot)*wordSize)
	link, _ := os.Readlink("/proc/self/ns/pid")
	h.Namespace, _ = strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
	h.ProcessStart = findProcess(h.PID).start
	uptime, _ := os.ReadFile("/proc/uptime")
	if fields := strings.Fields(string(uptime)); len(fields) > 0 {
		seconds, _ := strconv.ParseFloat(fields[0], 64)
		h.Uptime = time.Duration(seconds * float64(time.Second))
	}
}

// findProcess finds a process by its number.
func findProcess(pid int) process {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{found: !os.IsNotExist(err)}
	}
	// The second field is the command in parentheses, which may contain both
	// blanks and parentheses. The start is the 22nd.
	const after = 22 - 3
	_, rest, _ := bytes.Cut(stat[max(0, bytes.LastIndexByte(stat, ')')):], []byte(" "))
	fields := strings.Fields(string(rest))
	if len(fields) <= after {
		return process{found: true}
	}
	start, _ := strconv.ParseUint(fields[after], 10, 64)
	return process{found: true, start: start}
}
