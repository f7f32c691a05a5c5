package cgroup

import (
	"slices"
	"strings"
)

// mount is one mounted hierarchy, from /proc/self/mountinfo.
type mount struct {
	version     Version
	root        string   // the cgroup path of the group that appears at the mount point
	point       string   // the mount point
	controllers []string // of v1: what the hierarchy holds
}

// shows reports whether the mount is of the hierarchy that holds the controller.
func (m *mount) shows(v Version, controller string) bool {
	return m.version == v && (v == V2 || slices.Contains(m.controllers, controller))
}

// parseMounts returns the mounted hierarchies, without those that other mounts cover, in the order of the file. The fields
// are described in proc_pid_mountinfo(5); a number of optional ones ends with a lone "-".
func parseMounts(text []byte) []mount {
	var (
		mounts []mount
		ids    []string // of mounts
		all    []mountNode
	)
	for line := range strings.Lines(string(complete(text))) {
		before, after, ok := strings.Cut(line, " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if !ok || len(head) < 6 || len(tail) < 3 {
			continue
		}
		m := mount{root: unescape(head[3]), point: unescape(head[4])}
		id := head[0]
		all = append(all, mountNode{id: id, parent: head[1], point: m.point})
		switch tail[0] {
		case "cgroup":
			m.version = V1
			m.controllers = strings.Split(tail[2], ",")
		case "cgroup2":
			m.version = V2
		default:
			continue
		}
		if strings.HasPrefix(m.root, "/") && cleanPath(m.point) {
			mounts, ids = append(mounts, m), append(ids, id)
		}
	}
	tree, visible := newMountTree(all), mounts[:0]
	for i, m := range mounts {
		if tree.at(m.point) == ids[i] {
			visible = append(visible, m)
		}
	}
	return visible
}

// unescape replaces the octal escapes by which mountinfo shows blanks, line breaks, backslashes and number signs.
func unescape(s string) string {
	var b strings.Builder
	for s != "" {
		if c, ok := octal(s); ok {
			b.WriteByte(c)
			s = s[4:]
			continue
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// octal parses an escape at the beginning of s: a backslash and three octal digits.
func octal(s string) (byte, bool) {
	if len(s) < 4 || s[0] != '\\' {
		return 0, false
	}
	n := 0
	for _, c := range []byte(s[1:4]) {
		if c < '0' || c > '7' {
			return 0, false
		}
		n = n*8 + int(c-'0')
	}
	return byte(n), n <= 0xff
}
