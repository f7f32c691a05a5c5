package command_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/watch/internal/command"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "__service" { // a service of the demo
		os.Exit(command.Run(context.Background(), command.Std{Out: os.Stdout, Err: os.Stderr}, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

func run(t *testing.T, args ...string) (status int, out, err string) {
	t.Helper()
	var o, e bytes.Buffer
	status = command.Run(t.Context(), command.Std{Out: &o, Err: &e}, args)
	return status, o.String(), e.String()
}

func TestCommandLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "watch.yml")
	require.NoError(t, os.WriteFile(file, []byte("collector: http://127.0.0.1:1\nscrape_configs:\n- job_name: shop\n  static_configs: [{targets: ['127.0.0.1:6060']}]\n"), 0o600))
	bad := filepath.Join(t.TempDir(), "bad.yml")
	require.NoError(t, os.WriteFile(bad, []byte("scrape_configs:\n- job_name: shop\n  fish: 1\n"), 0o600))
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "holmes-watch run"},
		{[]string{"help"}, 0, "holmes-watch demo"},
		{[]string{"fish"}, 2, `no command "fish"`},
		{[]string{"version"}, 0, "0.1.0"},
		{[]string{"run", "-help"}, 0, "-config"},
		{[]string{"run", "-fish"}, 2, "fish"},
		{[]string{"run", "more"}, 2, "too many arguments"},
		{[]string{"run", "-config", bad}, 1, "line 3: key fish is not known"},
		{[]string{"check"}, 2, "a configuration file is needed"},
		{[]string{"check", file}, 0, "is valid: jobs 1, receivers 1"},
		{[]string{"check", bad}, 1, "line 3: key fish is not known"},
		{[]string{"check", file + ".none"}, 1, "no such file"},
		{[]string{"demo", "-once", "-fault", "fish"}, 1, `no fault "fish"`},
	} {
		status, out, err := run(t, c.args...)
		require.Equal(t, c.status, status, c.args)
		require.Contains(t, out+err, c.want, c.args)
		require.NotContains(t, out+err, "__service")
	}
}

// The demo from its services to the event on disk: real processes, discovery, scrapes,
// profiles over HTTP, and the guilty function.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	status, out, err := run(t, "demo", "-once", "-data", data)
	require.Zero(t, status, out+err)
	require.Contains(t, out, "shop.renderPage (guilty.go:")
	events, wrong := filepath.Glob(filepath.Join(data, "events", "*", "event.json"))
	require.NoError(t, wrong)
	require.NotEmpty(t, events, fmt.Sprint(out, err))
}
