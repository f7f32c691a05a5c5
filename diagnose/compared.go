package diagnose

import "strings"

func (q *inquest) verdict(f *finding) Verdict {
	return Verdict{
		Sentence: f.sentence(), Confident: f.confident, Culprits: f.culprits,
		Compared: q.compared(f), Caveats: f.caveats,
	}
}

// compared says what of calm times the finding is held against.
func (q *inquest) compared(f *finding) string {
	if !f.compared {
		return ""
	}
	var kinds []string
	for _, kind := range []string{"cpu", "heap", "goroutine", "threadcreate", "mutex", "block"} {
		before := q.calm.of(kind)
		if before == nil || q.views[before] == nil {
			continue // not there, or not asked
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
