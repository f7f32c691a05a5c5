//go:build unix && !linux

package dump_test

import (
	"os"
	"testing"
)

func notAsRoot(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() == 0 {
		t.Skip("root may do everything, and only on Linux this test becomes another user")
	}
	return true
}
