// Package supervise runs the goroutines of holmes: a clock, a group of tasks that is
// waited for with a deadline, a circuit breaker around foreign code, and a log that
// never blocks.
package supervise
