package cgroup

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
)

// location is a group as seen through one mount.
type location struct {
	version Version
	root    string // the cgroup path of the group at the mount point
	point   string // the mount point
	below   string // the way from there to the group: "" or "/a/b"
	mount   int    // the place in the table of mounts
}

// locate returns the locations of the group that controls this process, best first: those that show more ancestors, and
// of equal ones the latest.
func locate(m membership, mounts []mount, controller string) ([]*location, error) {
	version, group, err := m.group(controller)
	if err != nil {
		return nil, err
	}
	var locations []*location
	for i, mount := range mounts {
		if !mount.shows(version, controller) {
			continue
		}
		if below, ok := strip(group, mount.root); ok {
			locations = append(locations, &location{version, mount.root, mount.point, below, i})
		}
	}
	if len(locations) == 0 {
		return nil, fmt.Errorf("%w: %s group %q", ErrHidden, version, group)
	}
	slices.SortFunc(locations, func(a, b *location) int {
		return cmp.Or(cmp.Compare(len(b.below), len(a.below)), cmp.Compare(b.mount, a.mount))
	})
	return locations, nil
}

// strip returns the path from root down to group. Both are relative to the cgroup namespace, so that either may start
// with "/.."; the rest must not, because the names in it are not known then.
func strip(group, root string) (string, bool) {
	if group == "/" {
		group = ""
	}
	if root == "/" {
		root = ""
	}
	below, ok := strings.CutPrefix(group, root)
	return below, ok && (below == "" || below != "/" && cleanPath(below))
}

// cleanPath reports whether p is absolute and names no directory twice, by a dot or two, or by an empty element.
func cleanPath(p string) bool {
	return strings.HasPrefix(p, "/") && path.Clean(p) == p
}

// level is one directory of a location.
type level struct {
	path string // the cgroup path
	dir  string // the directory
}

// maxLevels bounds the open files. Eight levels are deep already; kernels allow any number.
const maxLevels = 16

// levels returns the group and its ancestors up to the mount point, leaf first. The second result reports whether
// there are more.
func (p *location) levels() ([]level, bool) {
	var all []level
	for below := p.below; ; below = below[:strings.LastIndexByte(below, '/')] {
		if len(all) == maxLevels {
			return all, true
		}
		all = append(all, level{
			path: "/" + strings.TrimPrefix(strings.TrimSuffix(p.root, "/")+below, "/"),
			dir:  strings.TrimSuffix(p.point, "/") + below,
		})
		if below == "" {
			return all, false
		}
	}
}
