package cgroup

import (
	"fmt"
	"strings"
)

// membership has the group of a process by controller: the content of /proc/self/cgroup. The name of the v2
// hierarchy, which holds all controllers that no v1 hierarchy has taken, is "".
type membership map[string]string

// parseMembership parses lines of the form "hierarchy:controllers:path". The path may itself contain colons; it cannot
// contain a line break, which the kernel refuses.
func parseMembership(text []byte) membership {
	m := make(membership)
	for line := range strings.Lines(string(complete(text))) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(fields) < 3 || !strings.HasPrefix(fields[2], "/") {
			continue
		}
		for name := range strings.SplitSeq(fields[1], ",") {
			if name == "" && fields[0] != "0" {
				continue
			}
			if _, twice := m[name]; !twice {
				m[name] = fields[2]
			}
		}
	}
	return m
}

// group returns the version and the path of the group that controls the process. The version is decided for each
// controller: a v1 line that names it wins, because a controller is in one hierarchy only.
func (m membership) group(controller string) (Version, string, error) {
	if path, ok := m[controller]; ok && controller != "" {
		return V1, path, nil
	}
	if path, ok := m[""]; ok {
		return V2, path, nil
	}
	return VersionNone, "", fmt.Errorf("%w", ErrNoController)
}
