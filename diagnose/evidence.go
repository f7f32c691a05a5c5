package diagnose

// evidence lists the evidence for a signal, the best first: kinds of profile, and
// "alloc", "syscall" and "stacks", which are other views of one.
func (c *Case) evidence() []string {
	switch c.Signal {
	case "cpu", "schedlat":
		return []string{"cpu"}
	case "gccpu":
		return []string{"alloc", "cpu"}
	case "mem", "gcheap":
		return []string{"heap", "stacks"}
	case "goroutine":
		return []string{"goroutine"}
	case "thread":
		return []string{"syscall", "goroutine", "threadcreate"}
	case "mutexwait":
		return []string{"mutex", "goroutine", "block"}
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
	if c.Event == (Snapshot{}) {
		return Verdict{Sentence: unclear + ": no profile of the event to read"}
	}
	return newAnalysis(&c, o).judge(c.evidence())
}
