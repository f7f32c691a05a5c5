// Package testkit has what the tests of several packages share: the results of calls
// that must not fail, child processes, file systems of a test's own and other users.
// Only tests import it.
package testkit

import (
	"testing"

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
