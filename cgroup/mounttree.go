package cgroup

import "strings"

// mountNode is one mount in the tree of mounts.
type mountNode struct {
	id, parent string // its number, and that of the mount below it
	point      string
}

// mountTree has all mounts by the number of the mount below them, "" for an unknown one. The order of
// /proc/self/mountinfo does not show which mount covers which, since systems move mounts while they boot.
type mountTree map[string][]mountNode

func newMountTree(all []mountNode) mountTree {
	known := make(map[string]bool, len(all))
	for _, s := range all {
		known[s.id] = true
	}
	tree := make(mountTree)
	for _, s := range all {
		if s.parent == s.id || !known[s.parent] {
			s.parent = ""
		}
		tree[s.parent] = append(tree[s.parent], s)
	}
	return tree
}

// at follows a path as the kernel does, from mount to mount, and returns the number of the one that it leads to.
func (t mountTree) at(path string) string {
	id := ""
	for range t { // a longer way would be a circle
		next, ok := first(t[id], path)
		if !ok {
			break
		}
		id = next.id
	}
	return id
}

// first returns the one of several mounts that a path enters first.
func first(mounts []mountNode, path string) (mountNode, bool) {
	best, found := mountNode{}, false
	for _, s := range mounts {
		if leads(path, s.point) && (!found || len(s.point) <= len(best.point)) {
			best, found = s, true
		}
	}
	return best, found
}

// leads reports whether a path leads to a directory, or through it.
func leads(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(dir, "/"))
	return ok && (rest == "" || rest[0] == '/')
}
