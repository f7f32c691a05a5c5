package incident

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// A process may have no arguments, not even its own name.
func TestLabelsWithoutArguments(t *testing.T) {
	args := os.Args
	t.Cleanup(func() { os.Args = args })
	os.Args = nil
	labels, err := DefaultLabels()
	require.NoError(t, err)
	require.Equal(t, "incident.test", labels["service"])
}
