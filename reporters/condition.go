package reporters

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-holmes/holmes"
)

// A Condition is what an event must fulfil to be reported; see [Only].
type Condition struct {
	words string
	holds func(*holmes.Event) bool
}

// String says what the condition asks for, as in "signal mem or gcheap".
func (c Condition) String() string { return c.words }

// Signals is fulfilled by events of these signals.
func Signals(signals ...holmes.Signal) Condition {
	return Condition{oneOf("signal", signals), func(e *holmes.Event) bool {
		return slices.Contains(signals, e.Trigger.Sample.Signal)
	}}
}

// States is fulfilled by events in these states. Reporters get confirmed and
// unconfirmed ones.
func States(states ...holmes.State) Condition {
	return Condition{oneOf("state", states), func(e *holmes.Event) bool {
		return slices.Contains(states, e.State)
	}}
}

// Reasons is fulfilled by events whose reason has one of these codes:
// [holmes.CodeAbs], [holmes.CodeDiff] and so on, or a rule's own.
func Reasons(codes ...string) Condition {
	return Condition{oneOf("reason", codes), func(e *holmes.Event) bool {
		return slices.Contains(codes, e.Trigger.Reason.Code)
	}}
}

// AtLeast is fulfilled by events that are as severe, or more; see [SeverityOf].
func AtLeast(severity Severity) Condition {
	return Condition{"severity " + severity.String() + " and up", func(e *holmes.Event) bool {
		return SeverityOf(e) >= severity
	}}
}

// Not is fulfilled by events that do not fulfil another condition.
func Not(c Condition) Condition {
	return Condition{"not (" + c.words + ")", func(e *holmes.Event) bool { return !c.holds(e) }}
}

// If is a condition of your own. The words are for logs and statistics; they
// tell this filter from another one before the same receiver. The function must
// not change the event, nor keep it.
func If(words string, holds func(*holmes.Event) bool) Condition {
	return Condition{words, holds}
}

func oneOf[T ~string](what string, values []T) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return fmt.Sprintf("%s %s", what, strings.Join(out, " or "))
}
