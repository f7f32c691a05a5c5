//go:build race

package api_test

// raceFactor reduces repetitions that take minutes under the race detector.
const raceFactor = 8
