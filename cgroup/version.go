package cgroup

// Version is the generation of control groups that a controller belongs to. On a hybrid system the controllers of one
// process differ in it.
type Version uint8

// The versions. The zero value stands for a controller that was not found.
const (
	VersionNone Version = iota
	V1
	V2
)

// String returns "none", "v1" or "v2".
func (v Version) String() string {
	switch v {
	case V1:
		return "v1"
	case V2:
		return "v2"
	default:
		return "none"
	}
}
