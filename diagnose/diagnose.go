package diagnose

// kindsOf lists the kinds of profile that tell of a signal, the most telling
// first.
func (c *Case) kindsOf() []string {
	switch c.Signal {
	case "cpu", "schedlat":
		return []string{"cpu"}
	case "gccpu":
		return []string{"heap", "cpu"}
	case "mem", "gcheap":
		return []string{"heap", "goroutine"}
	case "goroutine":
		return []string{"goroutine"}
	case "thread":
		return []string{"goroutine", "threadcreate"}
	case "mutexwait":
		return []string{"mutex", "goroutine"}
	}
	if len(c.Kinds) > 0 {
		return c.Kinds
	}
	return []string{"cpu", "heap", "goroutine", "mutex", "block", "threadcreate"}
}

// Diagnose says which function is to blame for an event. It returns a verdict
// with a sentence for any input, nil and damaged profiles too, and does not
// change the profiles. Without a Baseline it is never confident.
func Diagnose(c Case, o Options) Verdict {
	var first *Verdict
	for _, kind := range c.kindsOf() {
		after := c.Event.of(kind)
		if after == nil {
			continue
		}
		var before *Profile
		if c.Baseline != nil {
			before = c.Baseline.of(kind)
		}
		v := Judge(kind, before, after, o)
		if v.Confident {
			return v
		}
		if first == nil || len(first.Culprits) == 0 && len(v.Culprits) > 0 {
			first = &v
		}
	}
	if first != nil {
		return *first
	}
	return Verdict{Sentence: "no clear culprit: no profile of the event to read"}
}
