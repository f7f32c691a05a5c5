package holmes

import "github.com/go-holmes/holmes/detect"

// The types of signals and rules are those of package [detect], which describes them.
type (
	Signal    = detect.Signal    // name of what is measured
	Sample    = detect.Sample    // reading of a signal
	Source    = detect.Source    // measures a signal of the user's own; see [WithSource]
	Rule      = detect.Rule      // decides whether a sample is out of its normal range
	Ring      = detect.Ring      // window of samples that a Rule judges against
	Pace      = detect.Pace      // how a Rule is applied over time
	Reason    = detect.Reason    // why a Rule fired, or why not
	Threshold = detect.Threshold // Rule of the built-in signals
)

// The built-in signals; see [detect.SignalCPU] and the others there.
const (
	SignalCPU       = detect.SignalCPU       // CPU time in percent of the cores
	SignalMem       = detect.SignalMem       // memory in percent of the limit
	SignalGCHeap    = detect.SignalGCHeap    // live heap in percent of the same limit
	SignalGoroutine = detect.SignalGoroutine // number of goroutines
	SignalThread    = detect.SignalThread    // number of threads

	// These are off until [Holmes.Enable] turns them on. An option that sets their
	// rule does not.
	SignalGCCPU     = detect.SignalGCCPU     // CPU time of the collector in percent of that in use
	SignalSchedLat  = detect.SignalSchedLat  // 99th percentile of scheduling delays, in milliseconds
	SignalMutexWait = detect.SignalMutexWait // seconds waited for locks in a second
)

// Reason codes; see [Reason].
const (
	CodeAbs        = detect.CodeAbs        // above Abs
	CodeDiff       = detect.CodeDiff       // above the mean by Diff and Margin
	CodeSlow       = detect.CodeSlow       // the same, for the means of minutes over hours
	CodeForecast   = detect.CodeForecast   // memory is about to run out
	CodeManual     = detect.CodeManual     // captured on demand: CaptureNow
	CodeContinuous = detect.CodeContinuous // captured by timetable: WithContinuous
	CodeCrash      = detect.CodeCrash      // a previous run ended without Stop
)

// DefaultPace returns the pace of a [Rule] that has no method Pace: a window of 10
// minutes, a hold of 15 seconds, a cool-down of 1 minute, and no margin.
func DefaultPace() Pace { return detect.DefaultPace() }

// NewRing returns a ring whose mean is over the last of the values, at most window
// of them. It is for tests of a [Rule].
func NewRing(window int, values ...float64) *Ring { return detect.NewRing(window, values...) }
