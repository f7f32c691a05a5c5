package vm

// Constants shared by host and guest.
const (
	// InitPath is the program of the initramfs that the kernel starts. It runs those of TestPattern, one after the other.
	InitPath    = "/init"
	TestPattern = "/*.test"

	// DiskDevice is the disk of a machine. Its other file systems are kept in memory, and have no page cache that the
	// kernel can drop.
	DiskDevice = "/dev/nvme0n1"
	// DiskEnv names the environment variable that tells tests a file on a disk to write to, if the temporary directory is
	// not on one.
	DiskEnv = "HOLMES_CGROUP_DISK"

	// Mark is the beginning of each line that init prints, and the formats are what follows it.
	Mark         = "vm: "
	KernelFormat = "kernel %s"
	ExitFormat   = "exit %d"
)
