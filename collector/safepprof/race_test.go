//go:build race

package safepprof_test

// raceFactor thins out what takes the race detector minutes and shows it nothing
// new.
const raceFactor = 8
