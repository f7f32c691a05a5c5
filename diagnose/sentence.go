package diagnose

import (
	"fmt"
	"strings"
)

// Words name what a kind of profile measures.
type words struct {
	extra string // what grew
	took  string // what a culprit did with it; "" for a kind that is never confident
	by    string // before the names
}

func wordsOf(kind string) words {
	switch kind {
	case "cpu":
		return words{extra: "CPU", took: "took"}
	case "heap":
		// Without "allocated by" the names would seem to keep the memory.
		return words{extra: "heap", took: "allocated", by: "allocated by "}
	case "alloc":
		return words{extra: "allocations", took: "made", by: "made by "}
	case "goroutine":
		return words{extra: "goroutines", took: "holds"}
	case "syscall":
		return words{extra: "goroutines in system calls", took: "holds"}
	case "threadcreate":
		return words{extra: "threads"}
	case "mutex":
		return words{extra: "lock wait", took: "held the lock for"}
	default:
		return words{extra: kind + " profile"}
	}
}

const unclear = "no clear culprit"

func (f *cause) sentence() string {
	switch {
	case f.text != "":
		return f.text
	case f.says != "" && f.confident:
		return f.says
	case f.says != "":
		return unclear + ": " + f.says
	case f.confident:
		return f.confidentSentence()
	case !f.readable:
		return fmt.Sprintf("%s: no %s profile to read", unclear, f.kind)
	case f.empty:
		return fmt.Sprintf("%s: the %s profile has no samples of the application", unclear, f.kind)
	case len(f.culprits) == 0 && f.compared:
		return fmt.Sprintf("%s: nothing in the %s profile grew above normal", unclear, f.kind)
	case len(f.culprits) == 0:
		return fmt.Sprintf("%s: the %s profile names nothing but the runtime", unclear, f.kind)
	case f.compared:
		return fmt.Sprintf("%s: most of the extra %s is %s%s", unclear, f.extra, f.by, list(f.culprits))
	default:
		return fmt.Sprintf("%s, nothing to compare with: largest %s %s%s", unclear, are(f.culprits), f.by, list(f.culprits))
	}
}

// confidentSentence names the first culprit.
func (f *cause) confidentSentence() string {
	c := &f.culprits[0]
	share := percent(c.Share) + " of the extra " + f.extra
	switch {
	case c.Via != "" && !c.helped:
		return fmt.Sprintf("in %s, called from %s: %s", moduleOf(c.Via), c.where(), share)
	case c.Via != "":
		return fmt.Sprintf("%s %s %s, in %s", c.where(), f.took, share, short(display(c.Via)))
	case c.State != "":
		return fmt.Sprintf("%s %s %s, in %s", c.where(), f.took, share, c.State)
	default:
		return fmt.Sprintf("%s %s %s", c.where(), f.took, share)
	}
}

// notable drops culprits below one percent, which only distract.
func notable(cs []Culprit) []Culprit {
	n := 1
	for n < len(cs) && cs[n].Share >= 0.01 {
		n++
	}
	return cs[:n]
}

func are(cs []Culprit) string {
	if len(notable(cs)) == 1 {
		return "is"
	}
	return "are"
}

// list names candidates: main.a (a.go:41, 64 %), main.b (b.go:7, 12 %).
func list(cs []Culprit) string {
	var each []string
	for i := range notable(cs) {
		c := &cs[i]
		place, via := "", ""
		if c.File != "" {
			place = fmt.Sprintf("%s:%d, ", c.File, c.Line)
		}
		if c.Via != "" && !c.helped {
			via = "in " + moduleOf(c.Via) + ", called from "
		}
		each = append(each, fmt.Sprintf("%s%s (%s%s)", via, c.name(), place, percent(c.Share)))
	}
	return strings.Join(each, ", ")
}

func (c *Culprit) name() string {
	if c.Display != "" {
		return c.Display
	}
	return c.Function
}

// where is a function and its position: main.applyCoupons (coupon.go:41).
func (c *Culprit) where() string {
	if c.File == "" {
		return c.name()
	}
	return fmt.Sprintf("%s (%s:%d)", c.name(), c.File, c.Line)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }
