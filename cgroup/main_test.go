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
