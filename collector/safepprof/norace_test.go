//go:build !race

package safepprof_test

const raceFactor = 1
