package dump

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStoresOwnNamesAreNoNamesOfCallers(t *testing.T) {
	for _, name := range []string{
		turnName, probeName, sumsName, sealName, disposableName, damagedName, tempName("x"), goneName("x"),
		ownerLock(newToken()), ownerPrefix + newToken(), waitPrefix + slug("x"), sentPrefix, refusedPrefix,
	} {
		require.ErrorIs(t, checkName(name), ErrName)
	}
	longest := strings.Repeat("n", maxName)
	require.True(t, isTemp(tempName(longest)))
	require.LessOrEqual(t, len(tempName(longest)), 255)
	require.LessOrEqual(t, len(goneName(longest)), 255)
	require.LessOrEqual(t, len(refusedPrefix+slug(longest)), 255)
}

func TestSlugsOfReporters(t *testing.T) {
	require.Equal(t, "http-1.example_a", slug("http-1.example_a"))
	seen := map[string]string{}
	long := strings.Repeat("x", 100)
	for _, name := range []string{"", "a/b", "a_b", "a:b", "a b", "ä", "..", "../x", "file:/tmp", long, long + "y", "a~b", slug("a/b")} {
		s := slug(name)
		require.Empty(t, seen[s], "%q is the slug of two", s)
		seen[s] = name
		require.True(t, filepath.IsLocal(waitPrefix+s))
		require.Equal(t, filepath.Base(waitPrefix+s), waitPrefix+s)
		require.LessOrEqual(t, len(s), maxSlug+9)
	}
}

func TestTokens(t *testing.T) {
	token := newToken()
	got, ok := ownerOf(ownerLock(token))
	require.True(t, ok)
	require.Equal(t, token, got)
	for _, name := range []string{"", ".owner-.lock", ".owner-0123.lock", ownerLock("0123456789abcdeG"), ownerPrefix + token, token + lockSuffix} {
		_, ok := ownerOf(name)
		require.False(t, ok, name)
	}
}

func TestOnlyStrictNamesAreRemoved(t *testing.T) {
	id := IDLayout + "-cpu"
	require.NoError(t, checkID(id))
	for _, suffix := range []string{goneSuffix} {
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
