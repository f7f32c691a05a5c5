package collector

import "slices"

// A Kind is the kind of a profile. profefe calls it the type.
type Kind string

// The kinds of profile that a collector keeps.
const (
	KindCPU          Kind = "cpu"
	KindHeap         Kind = "heap"
	KindBlock        Kind = "block"
	KindMutex        Kind = "mutex"
	KindGoroutine    Kind = "goroutine"
	KindThreadcreate Kind = "threadcreate"
	KindOther        Kind = "other" // any other profile in pprof's format
	KindTrace        Kind = "trace" // an execution trace, which is no profile
)

// Kinds returns all kinds, in the order in which people are shown them.
func Kinds() []Kind {
	return []Kind{KindCPU, KindHeap, KindBlock, KindMutex, KindGoroutine, KindThreadcreate, KindOther, KindTrace}
}

// ParseKind returns the kind of that name. The error lists the kinds.
func ParseKind(name string) (Kind, error) {
	if k := Kind(name); slices.Contains(Kinds(), k) {
		return k, nil
	}
	return "", Errorf(Invalid, "type %.40q is none of %v", name, Kinds())
}

// KindOfType returns the kind that values of a sample type are known to be of, and "" if
// they may be of any. Contentions are called those of mutexes, since nothing tells them
// from those of a block profile.
func KindOfType(typ string) Kind {
	switch typ {
	case "cpu":
		return KindCPU
	case "inuse_space", "inuse_objects", "alloc_space", "alloc_objects":
		return KindHeap
	case "contentions", "delay":
		return KindMutex
	case "goroutine", "goroutines":
		return KindGoroutine
	case "threadcreate":
		return KindThreadcreate
	}
	return ""
}

// Of returns the kind of the values of a sample type in a profile that was sent as this
// kind: another one if they are known to be of that. A profile that was sent as
// [KindOther] has no other kind.
func (k Kind) Of(typ string) Kind {
	of := KindOfType(typ)
	if of == "" || k == KindOther || k == KindBlock && of == KindMutex {
		return k
	}
	return of
}

// Pprof reports whether profiles of this kind are in pprof's format, and so can
// be merged and compared.
func (k Kind) Pprof() bool { return k != KindTrace }

// File returns the name that a profile of this kind has as a file.
func (k Kind) File() string {
	if k == KindTrace {
		return "trace.out"
	}
	return string(k) + ".pb.gz"
}
