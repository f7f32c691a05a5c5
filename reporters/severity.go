package reporters

import (
	"slices"

	"github.com/go-holmes/holmes"
)

// Severity is how urgent an event is. An event does not carry it: [SeverityOf]
// derives it.
type Severity int

const (
	// SeverityInfo is an event that needs no attention: it was captured on demand
	// or by the timetable, or was dismissed.
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
	case e.State == holmes.StateDismissed, reason == holmes.CodeManual, reason == holmes.CodeContinuous:
		return SeverityInfo
	case reason == holmes.CodeForecast, reason == holmes.CodeCrash:
		return SeverityCritical
	case reason == holmes.CodeAbs && slices.Contains([]holmes.Signal{holmes.SignalMem, holmes.SignalGCHeap}, e.Trigger.Sample.Signal):
		return SeverityCritical
	default:
		return SeverityWarning
	}
}
