package diagnose

// A Verdict names the function that is to blame for an event, or says that it is
// unknown.
type Verdict struct {
	// Sentence sums the verdict up for an operator, for example
	// "main.applyCoupons (coupon.go:41) took 64 % of the extra CPU" or
	// "no clear culprit: ...".
	Sentence string `json:"sentence"`
	// Confident is false when Culprits are only candidates.
	Confident bool `json:"confident"`
	// Culprits are ordered, the most guilty first.
	Culprits []Culprit `json:"culprits,omitempty"`
	// Compared names the profiles that the event was compared with, for
	// example "with a CPU and a heap profile of calm times". It is empty if there
	// were none.
	Compared string `json:"compared,omitempty"`
	// Caveats limit what can be concluded from the verdict.
	Caveats []string `json:"caveats,omitempty"`
}

// A Culprit is one function and the evidence against it.
type Culprit struct {
	// Function is the name as in the profile's symbols, for example
	// "main.applyCoupons". Bodies of range-over-func loops and wrappers that
	// the compiler makes count as the function that they are written in.
	Function string `json:"function"`
	// Display is Function in a form for readers, "main.handle (closure)" for
	// "main.handle.func1". It is empty if it would be equal.
	Display string `json:"display,omitempty"`
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
	// Evidence is the kind of profile that names the function.
	Evidence string `json:"evidence"`
	// Via is the function that the culprit called, if most of the growth is in
	// one: a third party's function, or a helper that others call too.
	Via string `json:"via,omitempty"`
	// State is what the culprit's goroutines are doing, "chan receive".
	State string `json:"state,omitempty"`
	// WaitedIn is set for a function that seems to hold what others wait for: it
	// is the function that they wait in. Delta is then how many more of them
	// there are than normal, and Share their part of all extra goroutines.
	WaitedIn string `json:"waited_in,omitempty"`

	helped bool // Via is the application's own
}
