package dump

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStoresOwnNamesAreNoNamesOfCallers(t *testing.T) {
	for _, name := range []string{disposableName, probeName, tempName("x"), goneName("x"), lockName("x")} {
		require.ErrorIs(t, checkName(name), ErrName)
	}
	longest := strings.Repeat("n", maxName)
	require.True(t, isTemp(tempName(longest)))
	require.LessOrEqual(t, len(tempName(longest)), 255)
	require.LessOrEqual(t, len(goneName(longest)), 255)
}

func TestOnlyStrictNamesAreRemoved(t *testing.T) {
	id := IDLayout + "-cpu"
	require.NoError(t, checkID(id))
	for _, suffix := range []string{goneSuffix, lockSuffix} {
		got, ok := eventOf("."+id+suffix, suffix)
		require.True(t, ok)
		require.Equal(t, id, got)
		for _, name := range []string{
			"", suffix, id + suffix, "." + id, "." + id + suffix + ".", "." + suffix, ".x" + suffix, "./" + id + suffix,
		} {
			_, ok := eventOf(name, suffix)
			require.False(t, ok, name)
		}
	}
	for _, name := range []string{"", ".tmp", "x.tmp", "..tmp", "...tmp", ".x", ".x.tmp~"} {
		require.False(t, isTemp(name), name)
	}
}

func FuzzNames(f *testing.F) {
	f.Add(IDLayout + "-cpu")
	f.Add("../" + IDLayout)
	f.Add(".lock")
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) != nil {
			require.Error(t, checkID(name))
			return
		}
		require.True(t, filepath.IsLocal(name))
		require.Equal(t, name, filepath.Base(name))
		require.True(t, isTemp(tempName(name)))
		_, ok := eventOf(goneName(name), goneSuffix)
		require.Equal(t, checkID(name) == nil, ok)
	})
}
