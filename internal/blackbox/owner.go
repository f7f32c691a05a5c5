package blackbox

import "time"

// A verdict is what can be said of a process by its [Header] alone.
type verdict uint8

const (
	unknown verdict = iota
	alive
	dead
)

// A process is one that has the number of another, or none.
type process struct {
	found bool
	start uint64 // in clock ticks since boot; 0 if unknown
}

// judge says whether the owner of a box lives, where no lock tells: me is the
// header that this process would write, look finds a process by its number.
// Numbers mean something within one namespace of one run of one machine.
func (h *Header) judge(me *Header, look func(pid int) process) verdict {
	if h.BootID == "" || h.Namespace == 0 || h.ProcessStart == 0 ||
		h.BootID != me.BootID || h.Namespace != me.Namespace {
		return unknown
	}
	switch p := look(h.PID); {
	case !p.found:
		return dead
	case p.start == 0:
		return unknown
	case p.start == h.ProcessStart:
		return alive
	}
	return dead // another process has got its number
}

// stale is the age at which a box of whom nothing else is known has no owner: a
// living one writes every few seconds.
const stale = time.Hour
