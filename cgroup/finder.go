package cgroup

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// finder is one look-up of groups in progress.
type finder struct {
	opener
	groups    *groups
	members   membership
	mounts    []mount
	mountsErr error           // why there are no mounts
	host      uint64          // bytes of memory of the machine, 0 if not known
	watched   map[string]bool // directories whose list of controllers is watched
}

func newFinder(c *config) *finder {
	return &finder{
		opener:  opener{root: c.root, file: c.open},
		groups:  &groups{memory: memory{current: -1}},
		watched: make(map[string]bool),
	}
}

// find opens the files of all groups that self, the content of /proc/self/cgroup, names.
func (f *finder) find(self []byte) {
	f.members = parseMembership(self)
	mounts, err := f.readFile("/proc/self/mountinfo")
	f.mounts, f.mountsErr = parseMounts(mounts), err
	info, _ := f.readFile("/proc/meminfo")
	f.host = parseHostMemory(info)
	f.findMemory()
	f.findCPU()
	f.findPressure()
	f.groups.plan()
}

// branch is the visible part of the way from a group to the root of its hierarchy.
type branch struct {
	version Version
	levels  []level // leaf first
	unseen  Unseen  // UnseenLeaf and UnseenAncestors
}

// branch finds the visible levels of the controller: of all mounts the first one, in the order of [locate], that shows
// the group itself, or else any of its ancestors.
func (f *finder) branch(controller string) (branch, error) {
	if f.mountsErr != nil {
		return branch{}, f.mountsErr
	}
	locations, err := locate(f.members, f.mounts, controller)
	if err != nil {
		return branch{}, err
	}
	var best branch
	for _, p := range locations {
		if b := f.visible(p); len(b.levels) > 0 && (best.levels == nil || best.unseen.Has(UnseenLeaf)) {
			best = b
			if !b.unseen.Has(UnseenLeaf) {
				break
			}
		}
	}
	if best.levels == nil {
		return branch{}, fmt.Errorf("%w: nothing at %q", ErrHidden, locations[0].point)
	}
	return best, nil
}

// visible returns the levels of a location whose directories exist.
func (f *finder) visible(p *location) branch {
	b := branch{version: p.version}
	levels, more := p.levels()
	for i, l := range levels {
		if f.exists(l.dir + "/") {
			b.levels = append(b.levels, l)
		} else if i == 0 {
			b.unseen |= UnseenLeaf
		}
	}
	if more || p.root != "/" || !f.isRoot(p.version, p.point) {
		b.unseen |= UnseenAncestors
	}
	return b
}

// isRoot reports whether a directory is the root of its hierarchy. In a cgroup namespace any group may call itself "/",
// but some files are in the root group only (v1) or in all others (v2).
func (f *finder) isRoot(v Version, dir string) bool {
	if v == V1 {
		return f.exists(dir + "/release_agent")
	}
	return !f.exists(dir + "/cgroup.events")
}

func (f *finder) exists(path string) bool {
	_, err := os.Stat(f.root + path)
	return err == nil
}

// readFile reads a whole file that is not kept open.
func (f *finder) readFile(path string) ([]byte, error) {
	file, err := f.open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.NewSectionReader(file, 0, maxMounts))
}

// maxMounts bounds the bytes read of the list of mounts: some ten thousand of them.
const maxMounts = 4 << 20

// parseHostMemory takes the bytes of memory of the machine from /proc/meminfo, 0 if it has none.
func parseHostMemory(text []byte) uint64 {
	for line := range strings.Lines(string(complete(text))) {
		fields := strings.Fields(line)
		if len(fields) == 3 && fields[0] == "MemTotal:" && fields[2] == "kB" {
			if n, ok := number([]byte(fields[1])); ok && n < unlimited>>10 {
				return n << 10
			}
		}
	}
	return 0
}
