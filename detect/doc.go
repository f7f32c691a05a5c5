// Package detect decides whether a stream of numbers has left its normal range.
// It holds the rules that holmes applies to CPU, memory, goroutines and threads,
// without the profiler: a program that imports it can judge the metrics of any
// other process, or a recorded series.
//
// A [Rule] judges one [Sample] against the samples before it; [Threshold] is the
// rule of the built-in signals. A [Detector] applies a rule over time, as its
// [Pace] says:
//
//   - the rule must fire for the hold time without a break;
//   - samples of that time stay out of the mean, so that a fault is compared
//     with what was before it;
//   - a level that stays is reported once, until it has fallen by the margin or
//     has risen by it;
//   - after an event there is a cool-down, which doubles with each repetition;
//   - a day has a budget of events, which the first of each reason code ignores.
//
// The package reads no clock, starts no goroutine and imports nothing outside of
// the standard library but words for numbers. Times are durations since any
// fixed instant, so a recorded day can be judged in milliseconds.
package detect
