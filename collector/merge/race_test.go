//go:build race

package merge_test

// raceFactor thins out what takes the race detector minutes and shows it nothing
// new.
const raceFactor = 8

// largest is how many bytes a real profile may have to be looked at.
const largest = 10_000
