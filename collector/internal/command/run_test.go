package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// run runs a command without an environment.
func run(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	std := Std{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Env: func(string) (string, bool) { return "", false }}
	code = Run(t.Context(), std, args)
	return code, stdout.String(), stderr.String()
}

func TestHelpOfACommand(t *testing.T) {
	_, want, _ := run(t, "serve", "-help")
	code, got, _ := run(t, "help", "serve")
	require.Zero(t, code)
	require.Equal(t, want, got)
	_, want, _ = run(t, "help")
	_, got, _ = run(t, "help", "help")
	require.Equal(t, want, got)
	code, _, errs := run(t, "help", "sevre")
	require.Equal(t, ExitUsage, code)
	require.Contains(t, errs, `no command "sevre"`)
	_, got, _ = run(t, "__complete", "help", "ser")
	require.Equal(t, "serve\n", got)
}

// A version without a commit ends with the number.
func TestVersionEndsWithoutBlanks(t *testing.T) {
	_, out, _ := run(t, "version")
	require.Equal(t, strings.TrimSpace(out)+"\n", out)
}

// The error of a file that is no profile names the file.
func TestNoProfileIsNamed(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "first"), filepath.Join(t.TempDir(), "second")
	for _, file := range []string{first, second} {
		require.NoError(t, os.WriteFile(file, []byte("root:x:0:0"), 0o600))
	}
	for _, args := range [][]string{{"top", first}, {"diff", first, second}} {
		code, _, errs := run(t, args...)
		require.Equal(t, ExitError, code)
		require.Contains(t, errs, "holmes: "+first+" is no profile: ")
	}
}

// The error of a wrong address names the option, and does not repeat itself.
func TestWrongAddressNamesItsOption(t *testing.T) {
	for _, command := range []string{"serve", "demo"} {
		for _, address := range []string{"127.0.0.1:99999", "nonsense"} {
			code, _, errs := run(t, command, "-addr", address, "-data", t.TempDir())
			require.Equal(t, ExitError, code)
			require.Contains(t, errs, "(-addr "+address+")")
			require.LessOrEqual(t, strings.Count(errs, "address "+address), 1, errs)
		}
	}
}
