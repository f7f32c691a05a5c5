package diagnose

// When a verdict is confident; see the package's doc.
const (
	minScore = 4
	minPart  = 0.5  // of all excess
	minShare = 0.25 // of all growth
	minKept  = 0.6  // of all growth of memory
)

// maxCulprits is how many culprits a verdict names at most.
const maxCulprits = 3

// Judge says which function is to blame for what the profile after shows
// against before, a profile of the same kind from calm times. The kinds are
// "cpu", "heap", "goroutine", "threadcreate", "mutex" and "block". It is
// [Diagnose] for one pair of profiles.
//
// Without a before it names the three largest functions, with a score of 0 and
// never with confidence. It returns a verdict with a sentence for any input,
// nil and damaged profiles too, and does not change the profiles.
func Judge(kind string, before, after *Profile, o Options) Verdict {
	return newAnalysis(pairOf(kind, before, after), o).judge([]string{kind})
}

// A cause is the result of one kind of evidence.
type cause struct {
	words
	kind      string
	readable  bool // there is a profile of the kind
	compared  bool // with one of calm times
	empty     bool // but for samples of holmes
	confident bool
	culprits  []Culprit
	says      string // instead of the sentence that is made of the culprits
	text      string // the whole sentence, if it is another
	caveats   []string
}

// judge evaluates one kind of evidence after the other until one is confident.
// Otherwise the verdict is that of the first kind that names a function.
func (a *analysis) judge(kinds []string) Verdict {
	var best *cause
	for _, kind := range kinds {
		f := a.evaluate(kind)
		if f.confident {
			return a.verdict(f)
		}
		if best == nil || !best.readable && f.readable || len(best.culprits) == 0 && len(f.culprits) > 0 {
			best = f
		}
	}
	return a.verdict(best)
}

func (a *analysis) evaluate(kind string) *cause {
	switch kind {
	case "cpu":
		return a.cpu()
	case "heap":
		return a.memory()
	case "alloc":
		return a.allocations()
	case "goroutine":
		return a.goroutines()
	case "stacks":
		return a.stacks()
	case "syscall":
		return a.systemCalls()
	case "mutex":
		return a.locks()
	default:
		return a.plain(a.diff(kind, blamed))
	}
}

// plain is the cause according to a diff alone.
func (a *analysis) plain(c *diff) *cause {
	f := &cause{words: wordsOf(c.kind), kind: c.kind, readable: c.with.ok, compared: c.compared, empty: c.now.total.value == 0}
	gs := c.grown()
	gs = gs[:min(len(gs), maxCulprits)]
	f.culprits = c.culprits(gs)
	if len(gs) == 0 {
		return f
	}
	f.culprits = c.callersFirst(gs[0], f.culprits)
	first := gs[0]
	own := a.functions.all[first.fn].origin == originOwn
	f.confident = c.compared && own && f.took != "" &&
		first.score >= minScore && first.part >= minPart && first.share >= minShare
	return f
}
