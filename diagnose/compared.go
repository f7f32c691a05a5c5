package diagnose

import "strings"

func (a *analysis) verdict(f *cause) Verdict {
	if s := a.sampling(); a.heapAsked && s != "" && s != f.says {
		f.caveats = append(f.caveats, s)
	}
	return Verdict{
		Sentence: f.sentence(), Confident: f.confident, Culprits: f.culprits,
		Compared: a.compared(f), Caveats: f.caveats,
	}
}

// compared names the profiles of calm times that the cause was compared with.
func (a *analysis) compared(f *cause) string {
	if !f.compared {
		return ""
	}
	var kinds []string
	for _, kind := range []string{"cpu", "heap", "goroutine", "threadcreate", "mutex", "block"} {
		before := a.calm.of(kind)
		if before == nil || a.views[before] == nil {
			continue // absent or not used
		}
		if kind == "cpu" {
			kind = "CPU"
		}
		kinds = append(kinds, kind)
	}
	switch len(kinds) {
	case 0:
		return "with a profile of calm times"
	case 1:
		return "with a " + kinds[0] + " profile of calm times"
	default:
		last := len(kinds) - 1
		return "with a " + strings.Join(kinds[:last], ", a ") + " and a " + kinds[last] + " profile of calm times"
	}
}
