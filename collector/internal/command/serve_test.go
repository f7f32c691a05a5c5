package command

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSettingsPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "holmes.conf")
	require.NoError(t, os.WriteFile(file, []byte("# a comment\n\nmax-age = 7d\nmax-bytes=1GiB\n read-token = from file \naddr = :1\n"), 0o600))
	std := Std{Env: func(name string) (string, bool) {
		value, ok := map[string]string{"HOLMES_CONFIG": file, "HOLMES_MAX_BYTES": "2GiB", "HOLMES_WRITE_TOKEN": "from env"}[name]
		return value, ok
	}}
	c, err := readServeFlags(std, []string{"-addr", "127.0.0.1:2"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2", c.Addr)          // the flag before the file
	require.EqualValues(t, 2<<30, c.MaxBytes)        // the environment before the file
	require.EqualValues(t, 7*24*time.Hour, c.MaxAge) // the file before the default
	require.Equal(t, "from file", c.Tokens.Read)
	require.Equal(t, "from env", c.Tokens.Write)
}

func TestGiveHome(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("HOME", "/nobody")
	require.NoError(t, giveHome("data"))
	require.Equal(t, "/nobody", os.Getenv("HOME"))
	t.Setenv("HOME", "")
	require.NoError(t, giveHome("data"))
	_, err := os.UserConfigDir()
	require.NoError(t, err)
}
