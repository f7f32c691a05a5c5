package cgroup_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helperEnv makes this binary run a helper instead of the tests: a process of its own, which can be moved into groups.
const helperEnv = "HOLMES_CGROUP_HELPER"

// helper is set where there are control groups.
var helper func()

func TestMain(m *testing.M) {
	if helper != nil && os.Getenv(helperEnv) != "" {
		helper()
		return
	}
	goleak.VerifyTestMain(m)
}

// heavy is how often a long test does something: less often in the usual run.
func heavy(all, usual int) int {
	if os.Getenv("HOLMES_HEAVY") != "" {
		return all
	}
	return usual
}
