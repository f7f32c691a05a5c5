//go:build !race

package merge_test

const raceFactor = 1

// largest is how many bytes a real profile may have to be looked at.
const largest = 1 << 30
