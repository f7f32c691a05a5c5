package diagnose

import (
	"fmt"
	"strings"
)

// Words are how a kind of profile speaks of what it measures.
type words struct {
	extra string // what there is more of than in calm times
	took  string // what a culprit did with it; "" is a kind that is never sure
	by    string // what stands before the names
}

func wordsOf(kind string) words {
	switch kind {
	case "cpu":
		return words{extra: "CPU", took: "took"}
	case "heap":
		// Or the names would be read as those of who keeps the memory.
		return words{extra: "memory", took: "allocated", by: "allocated by "}
	case "goroutine":
		return words{extra: "goroutines", took: "holds"}
	case "threadcreate":
		return words{extra: "threads", took: "started"}
	default:
		return words{extra: kind + " profile"}
	}
}

func (c comparison) sentence(v Verdict) string {
	const unclear = "no clear culprit"
	w := wordsOf(c.kind)
	switch {
	case v.Confident:
		first := v.Culprits[0]
		return fmt.Sprintf("%s %s %s of the extra %s", first.where(), w.took, percent(first.Share), w.extra)
	case !c.readable:
		return fmt.Sprintf("%s: no %s profile to read", unclear, c.kind)
	case c.total == 0:
		return fmt.Sprintf("%s: the %s profile is empty", unclear, c.kind)
	case len(v.Culprits) == 0 && c.compared:
		return fmt.Sprintf("%s: nothing in the %s profile grew against normal", unclear, c.kind)
	case len(v.Culprits) == 0:
		return fmt.Sprintf("%s: the %s profile names nothing but the runtime", unclear, c.kind)
	case c.compared:
		return fmt.Sprintf("%s: most of the extra %s is %s%s", unclear, w.extra, w.by, list(v.Culprits))
	default:
		return fmt.Sprintf("%s, nothing to compare with: largest %s %s%s", unclear, are(v.Culprits), w.by, list(v.Culprits))
	}
}

// notable drops those of less than one in a hundred, who would only draw the
// eye away.
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
	for _, c := range notable(cs) {
		place := ""
		if c.File != "" {
			place = fmt.Sprintf("%s:%d, ", c.File, c.Line)
		}
		each = append(each, fmt.Sprintf("%s (%s%s)", c.Function, place, percent(c.Share)))
	}
	return strings.Join(each, ", ")
}

// where is a function and its place: main.applyCoupons (coupon.go:41).
func (c Culprit) where() string {
	if c.File == "" {
		return c.Function
	}
	return fmt.Sprintf("%s (%s:%d)", c.Function, c.File, c.Line)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }
