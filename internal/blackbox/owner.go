package blackbox

import "time"

// A verdict is whether a process is alive by its [Header] alone.
type verdict uint8

const (
	unknown verdict = iota
	alive
	dead
)

// A process is the one with a given number, if there is one.
type process struct {
	found bool
	start uint64 // in clock ticks since boot; 0 if unknown
}

// judge decides whether the owner of a box is alive without a lock: me is the header
// that this process would write, look finds a process by its number. Numbers are
// comparable within one namespace of one boot of one machine.
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
	return dead // another process has its number
}

// maxSilence is the age at which a box has no owner if nothing else is known: an owner
// writes every few seconds.
const maxSilence = time.Hour
