package reporters

import (
	"slices"

	"github.com/go-holmes/holmes"
)

// Severity is how much an event matters to whoever is on call. It is nothing
// that an event carries: [SeverityOf] tells it from what the event says.
type Severity int

const (
	// SeverityInfo is an event that nobody has to look at: it was asked for by
	// a person or a timetable, or was dismissed.
	SeverityInfo Severity = iota
	// SeverityWarning is a signal out of its normal range.
	SeverityWarning
	// SeverityCritical is a process that is about to end, or has ended.
	SeverityCritical
)

// String is "info", "warning" or "critical".
func (s Severity) String() string {
	switch s {
	case SeverityInfo:
		return "info"
	case SeverityWarning:
		return "warning"
	case SeverityCritical:
		return "critical"
	default:
		return "unknown"
	}
}

// Reasons that holmes gives beside those that it has constants for.
const (
	codeContinuous = "continuous"
	codeForecast   = "forecast"
	codeCrash      = "crash"
)

// SeverityOf tells how severe an event is:
//
//   - critical: the reason is "forecast" (memory will run out), "crash" (the
//     process before this one was killed), or "abs" for memory or the live heap,
//     whose values are percentages of the limit that kills.
//   - info: the reason is "manual" or "continuous", or the event was dismissed.
//   - warning: everything else. More CPU, goroutines or threads than usual hurt,
//     but do not end the process; and an event that is unconfirmed because
//     holmes was stopped is as severe as it would have been.
//
// Use [If] for rules of your own.
func SeverityOf(e *holmes.Event) Severity {
	reason := e.Trigger.Reason.Code
	switch {
	case e.State == holmes.StateDismissed, reason == holmes.CodeManual, reason == codeContinuous:
		return SeverityInfo
	case reason == codeForecast, reason == codeCrash:
		return SeverityCritical
	case reason == holmes.CodeAbs && slices.Contains([]holmes.Signal{holmes.SignalMem, holmes.SignalGCHeap}, e.Trigger.Sample.Signal):
		return SeverityCritical
	default:
		return SeverityWarning
	}
}
