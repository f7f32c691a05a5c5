// Package detect decides whether a stream of numbers has left its normal range.
// Holmes applies it to CPU, memory, goroutines and threads; it has no part of the
// profiler, so a program can also judge the metrics of another process with it, or a
// recorded series.
//
// A [Rule] judges one [Sample] against the samples before it; [Threshold] is the
// rule of the built-in signals. A [Detector] applies a rule over time, as its
// [Pace] says:
//
//   - after a start there is a grace in which no sample is compared with the mean, and
//     then the mean is over the last quarter of the process's age;
//   - the rule must fire for the hold time without a break;
//   - samples of that time stay out of the mean, so that a fault is compared
//     with the time before it;
//   - a level that stays is reported once, until it has fallen by the margin or
//     has risen by it;
//   - after an event there is a cool-down, which doubles with each repetition;
//   - a day has a budget of events, which does not hold for the first event of each
//     reason code.
//
// A [Pair] applies a second, slow rule to the mean of each minute. A [MemoryTrend]
// predicts when memory will be full.
//
// The package reads no clock, starts no goroutine, and needs the standard library
// only. Times are durations since any fixed instant, so a recorded day can be
// judged in milliseconds.
package detect
