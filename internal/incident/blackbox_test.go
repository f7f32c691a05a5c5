package incident

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
)

// The second try to open the box finds no previous runs, because the first has taken them
// over. They are reported all the same.
func TestPreviousRunsOutliveASecondTry(t *testing.T) {
	var b BlackBox
	earlier, held := b.hold([]*blackbox.Orphan{{Name: "a"}}, 2)
	require.True(t, held)
	require.EqualValues(t, 2, earlier)
	earlier, held = b.hold(nil, 1)
	require.True(t, held)
	require.EqualValues(t, 3, earlier)
	orphans, earlier := b.takeOrphans()
	require.Len(t, orphans, 1)
	require.EqualValues(t, 3, earlier)

	require.NoError(t, b.Close(t.Context(), ""))
	_, held = b.hold(nil, 0)
	require.False(t, held)
}
