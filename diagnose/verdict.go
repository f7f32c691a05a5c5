package diagnose

// A Verdict says which function is to blame for an event, or that it cannot
// be said.
type Verdict struct {
	// Sentence is what an operator reads first, for example
	// "main.applyCoupons (coupon.go:41) took 64 % of the extra CPU" or
	// "no clear culprit: ...".
	Sentence string `json:"sentence"`
	// Confident is false when Culprits are only candidates.
	Confident bool `json:"confident"`
	// Culprits are ordered, the most guilty first.
	Culprits []Culprit `json:"culprits,omitempty"`
}

// A Culprit is one function and what speaks against it.
type Culprit struct {
	// Function is the qualified name, for example "main.applyCoupons".
	Function string `json:"function"`
	// File is the base name of the source file, and Line the line in it
	// that carries the most weight.
	File string `json:"file"`
	Line int    `json:"line"`
	// Share is the function's part of all that grew, 0 to 1.
	Share float64 `json:"share"`
	// Delta is the growth against normal, in Unit ("nanoseconds", "bytes",
	// "count").
	Delta float64 `json:"delta"`
	Unit  string  `json:"unit"`
	// Score is Delta over the noise to be expected from sampling, and 0 when
	// there was no normal to compare with.
	Score float64 `json:"score"`
	// Evidence is the kind of profile that it was read from.
	Evidence string `json:"evidence"`
}
