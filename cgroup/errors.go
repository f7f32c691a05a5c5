package cgroup

import "errors"

// The errors of this package, to be compared with [errors.Is].
var (
	// ErrUnsupported is returned by [Open] on a system that has no control groups, unless [WithRoot] names a tree
	// of files to read instead. The caller uses the numbers of the host.
	ErrUnsupported = errors.New("holmes: cgroup: control groups exist on Linux only")

	// ErrUnavailable is returned by [Open] when neither controller of this process can be seen, and by
	// [Reader.Usage] and [Reader.Sample] when that happens later. It wraps the reason for each of the two.
	ErrUnavailable = errors.New("holmes: cgroup: no controller can be read")

	// ErrNoController is wrapped in [Memory.Err] and [CPU.Err] when this process is in no group of the controller:
	// the kernel lacks it, or it is switched off.
	ErrNoController = errors.New("the process is in no group of this controller")

	// ErrHidden is wrapped in [Memory.Err] and [CPU.Err] when the process is in a group that no mount of this mount
	// namespace shows, such as a path or a mount root that starts with "/..".
	ErrHidden = errors.New("the group is not visible through any mount")

	// ErrClosed is returned by the methods of a [Reader] after [Reader.Close].
	ErrClosed = errors.New("holmes: cgroup: the reader is closed")
)
