package diagnose

// When a verdict is confident; see the package's doc.
const (
	leastScore = 4
	leastPart  = 0.5  // of what grew beyond the rest
	leastShare = 0.25 // of all that grew
	leastKept  = 0.6  // of all memory that grew
)

// named is how many culprits a verdict names at most.
const named = 3

// Judge says which function is to blame for what the profile after shows
// against before, a profile of the same kind from calm times. The kinds are
// "cpu", "heap", "goroutine", "threadcreate", "mutex" and "block". It is
// [Diagnose] for who has no more than that.
//
// Without a before it names the three largest functions, with a score of 0 and
// never with confidence. It returns a verdict with a sentence for any input,
// nil and damaged profiles too, and does not change the profiles.
func Judge(kind string, before, after *Profile, o Options) Verdict {
	return newInquest(pairOf(kind, before, after), o).judge([]string{kind})
}

// A finding is what one kind of evidence says.
type finding struct {
	words
	kind      string
	readable  bool // there is a profile of the kind
	compared  bool // with one of calm times
	empty     bool
	confident bool
	culprits  []Culprit
	says      string // instead of the sentence that is made of the culprits
	caveats   []string
}

// judge asks one kind of evidence after the other until one is sure. Otherwise
// it is the first that names anyone who speaks.
func (q *inquest) judge(kinds []string) Verdict {
	var best *finding
	for _, kind := range kinds {
		f := q.ask(kind)
		if f.confident {
			return q.verdict(f)
		}
		if best == nil || !best.readable && f.readable || len(best.culprits) == 0 && len(f.culprits) > 0 {
			best = f
		}
	}
	return q.verdict(best)
}

func (q *inquest) ask(kind string) *finding {
	switch kind {
	case "cpu":
		return q.processor()
	case "heap":
		return q.memory()
	case "alloc":
		return q.allocations()
	case "goroutine":
		return q.goroutines()
	case "stacks":
		return q.stacks()
	case "syscall":
		return q.systemCalls()
	case "mutex":
		return q.locks()
	default:
		return q.plain(q.contrast(kind, blamed))
	}
}

// plain is what a contrast says by itself.
func (q *inquest) plain(c *contrast) *finding {
	f := &finding{words: wordsOf(c.kind), kind: c.kind, readable: c.with.ok, compared: c.compared, empty: c.now.total.value == 0}
	gs := c.grown()
	gs = gs[:min(len(gs), named)]
	f.culprits = c.culprits(gs)
	if len(gs) == 0 {
		return f
	}
	f.culprits = c.callersFirst(gs[0], f.culprits)
	first := gs[0]
	own := q.people.all[first.who].origin == originOwn
	f.confident = c.compared && own && f.took != "" &&
		first.score >= leastScore && first.part >= leastPart && first.share >= leastShare
	return f
}
