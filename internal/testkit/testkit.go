// Package testkit has what the tests of several packages share: the results of calls
// that must not fail, child processes, file systems of a test's own and other users.
// Only tests import it.
package testkit

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// Must takes the results of a call that must not fail, and returns the value:
//
//	ids := testkit.Must(store.List())(t)
func Must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		require.NoError(t, err)
		return v
	}
}

// Err takes the results of a call whose value a test has no use for, and returns the
// error.
func Err[T any](_ T, err error) error { return err }

// Bubble runs a subtest on synthetic time.
func Bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// Together runs a function in n goroutines at once, each with its number, and waits for
// them.
func Together(n int, do func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// OnLinux skips the test elsewhere.
func OnLinux(t testing.TB, why string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip(why)
	}
}
