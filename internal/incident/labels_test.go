package incident

import (
	"fmt"
	"os"
	"strings"
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

// Labels have a bound each and in all, and those that tell whose an event is stay.
func TestLabelsAreBounded(t *testing.T) {
	labels := map[string]string{"service": "shop", "version": "1", "instance": "shop-1", "big": strings.Repeat("\u00fc", 1<<20), strings.Repeat("k", 5000): "v"}
	for i := range 100 {
		labels[fmt.Sprintf("label-%03d", i)] = "v"
	}
	require.True(t, Bound(labels))
	require.Len(t, labels, maxLabels)
	require.Equal(t, "shop", labels["service"])
	require.Equal(t, "shop-1", labels["instance"])
	require.Equal(t, strings.Repeat("\u00fc", 512), labels["big"])
	require.NotContains(t, labels, "label-099")
	require.False(t, Bound(labels))
}
