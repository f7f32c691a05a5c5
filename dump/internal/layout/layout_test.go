package layout

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStoresOwnNamesAreNoNamesOfCallers(t *testing.T) {
	for _, name := range []string{
		LockName, ProbeName, SumsName, SealName, DisposableName, DamagedName, TempName("x"), GoneName("x"),
		OwnerLock(NewToken()), OwnerPrefix + NewToken(), WaitPrefix + Slug("x"), LatestPrefix, ReporterPrefix, SentPrefix, RefusedPrefix,
	} {
		require.ErrorIs(t, CheckName(name), ErrName)
	}
	longest := strings.Repeat("n", maxName)
	require.True(t, IsTemp(TempName(longest)))
	require.LessOrEqual(t, len(TempName(longest)), 255)
	require.LessOrEqual(t, len(GoneName(longest)), 255)
	require.LessOrEqual(t, len(RefusedPrefix+Slug(longest)), 255)
}

func TestSlugsOfReporters(t *testing.T) {
	require.Equal(t, "http-1.example_a", Slug("http-1.example_a"))
	seen := map[string]string{}
	long := strings.Repeat("x", 100)
	for _, name := range []string{"", "a/b", "a_b", "a:b", "a b", "ä", "..", "../x", "file:/tmp", long, long + "y", "a~b", Slug("a/b")} {
		s := Slug(name)
		require.Empty(t, seen[s], "%q is the slug of two", s)
		seen[s] = name
		require.True(t, filepath.IsLocal(WaitPrefix+s))
		require.Equal(t, filepath.Base(WaitPrefix+s), WaitPrefix+s)
		require.LessOrEqual(t, len(s), maxSlug+9)
	}
}

func TestTokens(t *testing.T) {
	token := NewToken()
	got, ok := OwnerOf(OwnerLock(token))
	require.True(t, ok)
	require.Equal(t, token, got)
	for _, name := range []string{"", ".owner-.lock", ".owner-0123.lock", OwnerLock("0123456789abcdeG"), OwnerPrefix + token, token + lockSuffix} {
		_, ok := OwnerOf(name)
		require.False(t, ok, name)
	}
}

func TestOnlyStrictNamesAreRemoved(t *testing.T) {
	id := IDLayout + "-cpu"
	require.NoError(t, CheckID(id))
	got, ok := EventOf("." + id + goneSuffix)
	require.True(t, ok)
	require.Equal(t, id, got)
	for _, name := range []string{
		"", goneSuffix, id + goneSuffix, "." + id, "." + id + goneSuffix + ".", "." + goneSuffix, ".x" + goneSuffix,
		"./" + id + goneSuffix,
	} {
		_, ok := EventOf(name)
		require.False(t, ok, name)
	}
	for _, name := range []string{"", ".tmp", "x.tmp", "..tmp", "...tmp", ".x", ".x.tmp~"} {
		require.False(t, IsTemp(name), name)
	}
}

func FuzzNames(f *testing.F) {
	f.Add(IDLayout + "-cpu")
	f.Add("../" + IDLayout)
	f.Add(".lock")
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) != nil {
			require.Error(t, CheckID(name))
			return
		}
		require.True(t, filepath.IsLocal(name))
		require.Equal(t, name, filepath.Base(name))
		require.True(t, IsTemp(TempName(name)))
		_, ok := EventOf(GoneName(name))
		require.Equal(t, CheckID(name) == nil, ok)
	})
}
