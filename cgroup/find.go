package cgroup

import (
	"bytes"
	"fmt"
)

// findMemory opens the files of the memory controller.
func (f *finder) findMemory() {
	f.err = nil
	g := f.groups
	b, err := f.branch("memory")
	switch b.version {
	case V1:
		f.cutHierarchy(&b)
	case V2:
		b.cutRoot()
	}
	g.memory.version = b.version
	for _, at := range b.levels {
		l := &memoryLevel{MemoryLevel: MemoryLevel{Path: at.path}, version: b.version, host: f.host}
		if l.probes = f.openAll(at.dir, l.files()); l.probes == nil {
			f.watch(b.version, at.dir)
			continue
		}
		g.probes = append(g.probes, l.probes...)
		g.memory.levels = append(g.memory.levels, l)
	}
	if n := len(g.memory.levels); n > 0 {
		g.memory.levels[n-1].top = b.unseen.Has(UnseenAncestors)
	} else {
		g.unseen |= UnseenMemory
		g.memory.err = f.reason("memory", err)
	}
	g.unseen |= b.unseen
}

// cutRoot drops the root group of v2, if it can be seen. It has no usage and no limits, and its memory.stat, which newer
// kernels have, counts the whole machine.
func (b *branch) cutRoot() {
	if n := len(b.levels); n > 0 && !b.unseen.Has(UnseenAncestors) {
		b.levels = b.levels[:n-1]
	}
}

// cutHierarchy drops the ancestors that neither count nor limit the memory of the group: before Linux 5.11 a group of v1
// could be set not to include those below it.
func (f *finder) cutHierarchy(b *branch) {
	for i := 1; i < len(b.levels); i++ {
		if text, _ := f.readFile(b.levels[i].dir + "/memory.use_hierarchy"); string(text) == "0\n" {
			b.levels = b.levels[:i]
			b.unseen &^= UnseenAncestors
		}
	}
}

// findCPU opens the files of the CPU controller, and those of v1's cpuacct with them.
func (f *finder) findCPU() {
	f.err = nil
	g := f.groups
	b, err := f.branch("cpu")
	acct := f.acctDirs(b.version)
	g.cpu.version = b.version
	for _, at := range b.levels {
		l := &cpuLevel{CPULevel: CPULevel{Path: at.path}}
		l.probes = f.openAll(at.dir, l.files(b.version))
		if l.probes == nil || l.probes[cpuQuota].file == nil {
			f.watch(b.version, at.dir)
		}
		if l.probes == nil {
			continue
		}
		g.probes = append(g.probes, l.probes...)
		g.cpu.levels = append(g.cpu.levels, l)
		if dir, ok := acct[at.path]; ok {
			g.probes = append(g.probes, f.openAll(dir, l.acctFiles())...)
		} else if b.version == V1 {
			g.unseen |= UnseenCPUStat
		}
	}
	if len(g.cpu.levels) == 0 {
		g.unseen |= UnseenCPU
		g.cpu.err = f.reason("cpu", err)
	}
	g.unseen |= b.unseen
}

// acctDirs returns the directories of v1's cpuacct controller by cgroup path. It may be mounted together with the CPU
// controller or apart from it, and counts the same processes where its group has the same path.
func (f *finder) acctDirs(v Version) map[string]string {
	dirs := make(map[string]string)
	if b, err := f.branch("cpuacct"); err == nil && v == V1 && b.version == V1 {
		for _, at := range b.levels {
			dirs[at.path] = at.dir
		}
	}
	return dirs
}

// findPressure opens the pressure files of the process's own group. They belong to the hierarchy of v2, also where the
// controllers do not.
func (f *finder) findPressure() {
	g := f.groups
	b, err := f.branch("")
	if err != nil || b.unseen.Has(UnseenLeaf) {
		g.unseen |= UnseenPressure
		return
	}
	for _, at := range []struct {
		name string
		to   *Pressure
	}{
		{"memory.pressure", &g.memoryPressure},
		{"cpu.pressure", &g.cpuPressure},
	} {
		probes := f.openAll(b.levels[0].dir, []row{{name: at.name, flag: UnseenPressure, take: at.to.take}})
		if probes == nil {
			g.unseen |= UnseenPressure
		}
		g.probes = append(g.probes, probes...)
	}
}

// watch notices controllers that are switched on later in a group of v2: their files appear then. The root group never
// gets any.
func (f *finder) watch(v Version, dir string) {
	if v != V2 || f.watched[dir] || f.isRoot(v, dir) {
		return
	}
	f.watched[dir] = true
	file, err := f.open(dir + "/cgroup.controllers")
	if err != nil {
		return
	}
	var known []byte
	p := &probe{file: file, take: func(text []byte) bool {
		if known == nil {
			known = append([]byte{}, text...)
		}
		f.groups.changed = !bytes.Equal(text, known)
		return true
	}}
	f.groups.probes = append(f.groups.probes, p)
	f.groups.rotation = append(f.groups.rotation, rotated{probe: p})
}

// reason returns why a controller has no level. It is nil where the group was found and has no such files: then
// nothing limits it.
func (f *finder) reason(controller string, err error) error {
	if err == nil {
		err = f.err
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("holmes: cgroup: %s: %w", controller, err)
}
