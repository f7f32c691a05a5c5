package holmes

import "github.com/go-holmes/holmes/detect"

// The types that say what is measured and when it is out of its range are those
// of package [detect].
type (
	Signal    = detect.Signal    // names what is measured
	Sample    = detect.Sample    // is one reading of a signal
	Source    = detect.Source    // measures a signal of the user's own; see [WithSource]
	Rule      = detect.Rule      // decides whether a sample is out of its normal range
	Ring      = detect.Ring      // is the window of samples that a Rule judges against
	Pace      = detect.Pace      // is how a Rule is applied over time
	Reason    = detect.Reason    // is why a Rule fired, or why not
	Threshold = detect.Threshold // is the Rule of the built-in signals
)

// The built-in signals; [detect.Signal] has their units.
const (
	SignalCPU       = detect.SignalCPU       // CPU time in percent of the cores
	SignalMem       = detect.SignalMem       // memory in percent of the limit
	SignalGCHeap    = detect.SignalGCHeap    // live heap in percent of the same limit
	SignalGoroutine = detect.SignalGoroutine // number of goroutines
	SignalThread    = detect.SignalThread    // number of threads

	// These are off until [Holmes.Enable] turns them on. An option that sets
	// the rule of one does not.
	SignalGCCPU     = detect.SignalGCCPU     // CPU time of the collector in percent of that in use
	SignalSchedLat  = detect.SignalSchedLat  // 99th percentile of scheduling delays, in milliseconds
	SignalMutexWait = detect.SignalMutexWait // seconds waited for locks in a second
)

// Reason codes; see [Reason].
const (
	CodeAbs        = detect.CodeAbs        // over Abs
	CodeDiff       = detect.CodeDiff       // over the mean by Diff and Margin
	CodeSlow       = detect.CodeSlow       // the same over hours
	CodeForecast   = detect.CodeForecast   // memory is about to run out
	CodeManual     = detect.CodeManual     // asked for with CaptureNow
	CodeContinuous = detect.CodeContinuous // taken by timetable: WithContinuous
	CodeCrash      = detect.CodeCrash      // a previous run ended without Stop
)

// DefaultPace is what a [Rule] without a method Pace is applied with: a window
// of 10 minutes, a hold of 15 seconds, a cool-down of 1 minute.
func DefaultPace() Pace { return detect.DefaultPace() }

// NewRing returns a ring whose mean is over the last of these values, at most
// window of them, all settled. It is for tests of a [Rule].
func NewRing(window int, values ...float64) *Ring { return detect.NewRing(window, values...) }
