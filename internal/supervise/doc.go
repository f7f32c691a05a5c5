// Package supervise holds what every goroutine of holmes needs: a clock that
// cannot be set, a group of tasks that can be waited for with a deadline, a
// circuit breaker around foreign code, and a log that never blocks.
package supervise
