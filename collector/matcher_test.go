package collector_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// A matcher is read as Prometheus writes it, and its text is read as itself.
func TestParseMatcher(t *testing.T) {
	type parts struct{ name, op, value string }
	for text, want := range map[string]parts{
		`version="1.2.3"`:            {"version", "=", "1.2.3"},
		`version != "1.2.3"`:         {"version", "!=", "1.2.3"},
		`version=~"1\\..*"`:          {"version", "=~", `1\..*`},
		"version=~`1\\..*`":          {"version", "=~", `1\..*`},
		`version!~1.*`:               {"version", "!~", "1.*"},
		`version=`:                   {"version", "=", ""},
		`version=""`:                 {"version", "=", ""},
		`a==b`:                       {"a", "=", "=b"},
		`"a=b!"=~"say \"x\", a=b"`:   {"a=b!", "=~", `say "x", a=b`},
		`app.kubernetes.io/name="x"`: {"app.kubernetes.io/name", "=", "x"},
		`ключ="значение"`:            {"ключ", "=", "значение"},
	} {
		m, err := collector.ParseMatcher(text)
		require.NoError(t, err, text)
		require.Equal(t, want, parts{m.Name, m.Op, m.Value}, text)
		again, err := collector.ParseMatcher(m.String())
		require.NoError(t, err, m.String())
		require.Equal(t, want, parts{again.Name, again.Op, again.Value}, m.String())
	}
	for _, text := range []string{"", "version", `"version"`, `="x"`, `version="x`, `version="x"y`, `version!"x"`, `version=~"["`, strings.Repeat("x", 300) + "=a"} {
		_, err := collector.ParseMatcher(text)
		require.Equal(t, collector.Invalid, collector.CodeOf(err), text)
		require.Less(t, len(err.Error()), 300)
	}
	none, err := collector.ParseMatchers([]string{"", ""})
	require.NoError(t, err)
	require.Empty(t, none)
	_, err = collector.ParseMatchers([]string{`a="b"`, "c"})
	require.ErrorContains(t, err, `"c" is not a matcher like`)
}
