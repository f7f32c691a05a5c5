package vm

// Layout is a way in which a system mounts its control groups.
type Layout struct {
	Name string
	// Mounts are made in order.
	Mounts []Mount
	// Tests are prefixes of the names of the tests that make sense in the layout. Of each at least one must pass, and none
	// may be skipped.
	Tests []string
}

// Mount is one mounted file system.
type Mount struct {
	Type    string // of the file system
	Dir     string
	Options string // of v1: the controllers of the hierarchy
	// Enable are the controllers of a hierarchy of v2 that the groups below its root get.
	Enable []string
}

// Layouts returns the layouts that are tested.
func Layouts() []Layout {
	const root = "/sys/fs/cgroup"
	bare := Mount{Type: "tmpfs", Dir: root}
	memory := Mount{Type: "cgroup", Dir: root + "/memory", Options: "memory"}
	cpu := Mount{Type: "cgroup", Dir: root + "/cpu,cpuacct", Options: "cpu,cpuacct"}
	unified := func(controller string) Mount {
		return Mount{Type: "cgroup2", Dir: root + "/unified", Enable: []string{controller}}
	}
	return []Layout{
		{
			Name:   "v2",
			Mounts: []Mount{{Type: "cgroup2", Dir: root, Enable: []string{"cpu", "memory"}}},
			Tests:  []string{"TestSystem", "TestReal", "TestDifferentialReal", "TestRace", "TestV2"},
		},
		{
			Name:   "v1",
			Mounts: []Mount{bare, memory, cpu},
			Tests:  []string{"TestSystem", "TestReal", "TestDifferentialReal", "TestRace", "TestV1"},
		},
		{
			Name:   "hybrid", // memory in v2
			Mounts: []Mount{bare, cpu, unified("memory")},
			Tests:  []string{"TestSystem", "TestReal", "TestDifferentialReal", "TestRace", "TestHybrid", "TestV2Memory"},
		},
		{
			Name:   "hybrid-cpu-in-v2",
			Mounts: []Mount{bare, memory, unified("cpu")},
			Tests:  []string{"TestSystem", "TestReal", "TestDifferentialReal", "TestRace", "TestHybrid", "TestV1Memory", "TestV2Pressure"},
		},
	}
}
