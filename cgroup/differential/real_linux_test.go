package differential

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/realgroup"
)

// Real nested groups: a limit on the leaf, on the parent only, on both, and none
// of them.
func TestDifferentialRealGroups(t *testing.T) {
	h, err := realgroup.Find("memory")
	if errors.Is(err, realgroup.ErrNone) {
		t.Skip(err)
	}
	require.NoError(t, err)
	for name, c := range map[string]struct{ parent, leaf, want int }{
		"leaf only":            {0, 128 << 20, 128 << 20},
		"parent only":          {256 << 20, 0, 256 << 20},
		"both, leaf is less":   {256 << 20, 64 << 20, 64 << 20},
		"both, parent is less": {64 << 20, 256 << 20, 64 << 20},
		"none":                 {0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			parent, err := h.Make()
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, realgroup.Remove(parent)) })
			leaf, err := h.Below(parent, "leaf")
			require.NoError(t, err)
			for group, bytes := range map[string]int{parent: c.parent, leaf: c.leaf} {
				if bytes > 0 {
					require.NoError(t, h.LimitMemory(group, bytes))
				}
			}

			got := inGroup(t, leaf)
			t.Logf("%+v", got)
			require.Empty(t, got.OurError)
			require.Empty(t, got.TheirError)
			require.Equal(t, got.Theirs, got.Ours)
			require.EqualValues(t, c.want, got.Ours)
		})
	}
}
