package command

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/serve"
)

// The README lists all settings with their defaults.
func TestSettingsAreThoseOfTheReadme(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	_, section, ok := strings.Cut(string(raw), "\n## Settings\n")
	require.True(t, ok)
	section, _, _ = strings.Cut(section, "\n## ")
	listed := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[a-z`, -]+`) \\| (.*?) \\| (.+) \\|$").FindAllStringSubmatch(section, -1) {
		names := strings.Split(row[1], ", ")
		defaults := strings.Split(row[2], ", ")
		require.Contains(t, []int{1, len(names)}, len(defaults), row[0])
		for i, name := range names {
			name, value := strings.Trim(name, "`"), strings.Trim(defaults[min(i, len(defaults)-1)], "`")
			require.NotContains(t, listed, name)
			listed[name] = value
		}
	}

	flags := map[string]string{}
	_, err = readServeFlags(Std{inspect: func(set *flag.FlagSet) {
		set.VisitAll(func(f *flag.Flag) { flags[f.Name] = f.DefValue })
	}}, nil)
	require.ErrorIs(t, err, errHelp)
	delete(flags, "config") // it is where the others may be
	for name, value := range flags {
		if value == "" {
			flags[name] = "none"
		}
	}
	require.Equal(t, flags, listed)
}

// Without settings the configuration is the default one.
func TestSettingsHaveTheDefaults(t *testing.T) {
	c, err := readServeFlags(Std{Env: func(string) (string, bool) { return "", false }}, nil)
	require.NoError(t, err)
	require.Empty(t, c.Hosts)
	c.Hosts = nil
	require.Equal(t, serve.Default(), c.Config)
}
