package holmes

import "github.com/go-holmes/holmes/detect"

// The types of signals and rules are those of package [detect], which describes them.
type (
	// Signal names what is measured.
	Signal = detect.Signal
	// Sample is one reading of a signal.
	Sample = detect.Sample
	// Source measures a signal of the user's own; see [WithSource].
	Source = detect.Source
	// Rule decides whether a sample is out of its normal range.
	Rule = detect.Rule
	// Ring is the window of samples that a [Rule] judges the next one against.
	Ring = detect.Ring
	// Pace is how a [Rule] is applied over time.
	Pace = detect.Pace
	// Reason is why a [Rule] fired, or why it did not.
	Reason = detect.Reason
	// Threshold is the [Rule] of the built-in signals.
	Threshold = detect.Threshold
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
