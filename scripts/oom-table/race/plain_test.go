//go:build !race

package race_test

import "testing"

// plain has nothing to do: this program can run the race.
func plain(*testing.T) {}
