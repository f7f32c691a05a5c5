// Package environment describes what a measurement was made with, for the tables of
// this repository.
package environment

import (
	"context"
	"os"
	"os/exec"
	"strings"
)

// Kernel returns the name and the release of the kernel, such as "Linux 6.18.1".
func Kernel() string {
	raw, _ := os.ReadFile("/proc/sys/kernel/osrelease") // empty on other systems
	return "Linux " + strings.TrimSpace(string(raw))
}

// Commit returns the commit that is checked out in a directory, or "unknown".
func Commit(ctx context.Context, dir string) string {
	cmd := exec.CommandContext(ctx, "git", "rev-parse", "--short", "HEAD")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
