package diagnose

// When a verdict is confident; see the package's doc.
const (
	leastScore = 4
	leastShare = 0.5
)

// named is how many culprits a verdict names at most.
const named = 3

// Judge says which function is to blame for what the profile after shows
// against before, a profile of the same kind from calm times. The kinds are
// "cpu", "heap", "goroutine", "threadcreate", "mutex" and "block".
//
// Without a before it names the three largest functions, with a score of 0 and
// never with confidence. It returns a verdict with a sentence for any input,
// nil and damaged profiles too, and does not change the profiles.
func Judge(kind string, before, after *Profile, o Options) Verdict {
	c := compare(kind, before, after, o)
	v := Verdict{Culprits: c.culprits[:min(len(c.culprits), named)]}
	if c.compared && c.own && wordsOf(kind).took != "" {
		first := v.Culprits[0]
		v.Confident = first.Score >= leastScore && first.Share >= leastShare
	}
	v.Sentence = c.sentence(v)
	return v
}
