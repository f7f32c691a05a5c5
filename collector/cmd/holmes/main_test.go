package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/collector/internal/command"
)

const mainEnv = "HOLMES_CMD_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main() // this is the command itself
	}
	goleak.VerifyTestMain(m)
}

// output is what a command printed.
type output struct {
	code     int
	out, err string
}

// call runs a command in this process. The environment is pairs of name and
// value.
func call(t *testing.T, env map[string]string, args ...string) output {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), command.Std{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}}, args)
	return output{code, out.String(), errs.String()}
}

// A process is a running holmes serve.
type process struct {
	*exec.Cmd
	t     *testing.T
	url   string
	ended chan struct{} // closed when its log has ended
}

// serving starts holmes serve on dir and returns when it serves.
func serving(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0],
		append([]string{"serve", "-data", dir, "-addr", "127.0.0.1:0", "-log-format", "json", "-watch=false"}, args...)...)
	cmd.Env = append(append(os.Environ(), mainEnv+"=1"), env...)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{Cmd: cmd, t: t, ended: make(chan struct{})}
	t.Cleanup(func() { _ = p.Process.Kill() })
	lines := bufio.NewScanner(stderr)
	for p.url == "" && lines.Scan() {
		var line struct{ Msg, Address string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line), lines.Text())
		if line.Msg == "serving" {
			p.url = "http://" + line.Address
		}
	}
	require.NotEmpty(t, p.url, "it does not serve")
	go func() {
		defer close(p.ended)
		_, _ = io.Copy(io.Discard, stderr)
	}()
	return p
}

// wait waits for the end of the process.
func (p *process) wait() error {
	<-p.ended
	return p.Wait()
}

// stop ends the process as an operator does.
func (p *process) stop() {
	p.t.Helper()
	require.NoError(p.t, p.Process.Signal(syscall.SIGTERM))
	require.NoError(p.t, p.wait())
}

// upload sends a CPU profile of a service some times.
func (p *process) upload(service string, raw []byte, times int) {
	p.t.Helper()
	for range times {
		status, text, err := p.request(http.MethodPost, "/api/0/profiles?type=cpu&service="+service, bytes.NewReader(raw))
		require.NoError(p.t, err)
		require.Equal(p.t, http.StatusOK, status, text)
	}
}

// oldProfile is a CPU profile of so long ago that its day has ended.
func oldProfile(t *testing.T) (raw []byte, duration int64) {
	t.Helper()
	p, err := profile.ParseData(proftest.Real(t)["sort-cpu"])
	require.NoError(t, err)
	p.TimeNanos = time.Now().Add(-50 * time.Hour).UnixNano()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes(), p.DurationNanos
}

// request sends a request and returns the answer, or "" and an error.
func (p *process) request(method, path string, body io.Reader) (status int, text string, err error) {
	req, err := http.NewRequestWithContext(context.Background(), method, p.url+path, body)
	if err != nil {
		return 0, "", err
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}} {
		got := call(t, nil, args...)
		require.Zero(t, got.code)
		require.Contains(t, got.out, "serve")
		require.Contains(t, got.out, "Exit status")
	}
	got := call(t, nil)
	require.Equal(t, command.ExitUsage, got.code)
	got = call(t, nil, "sevre")
	require.Equal(t, command.ExitUsage, got.code)
	require.Contains(t, got.err, `"sevre"`)
	got = call(t, nil, "version")
	require.Zero(t, got.code)
	require.Regexp(t, `^holmes \d+\.\d+`, got.out)
	got = call(t, nil, "serve", "-help")
	require.Zero(t, got.code)
	for _, word := range []string{"curl --data-binary", "go tool pprof", "HOLMES_WRITE_TOKEN", "-max-age age", "(default 30d)", "(default 10GiB)", "SIGTERM"} {
		require.Contains(t, got.out, word)
	}
	require.Empty(t, got.err)
}

// The error of a mistake names the setting and the value, but no secret.
func TestSettings(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.conf")
	require.NoError(t, os.WriteFile(bad, []byte("max-agee = 7d\n"), 0o600))
	for _, tt := range []struct {
		env  map[string]string
		args []string
		want string
	}{
		{nil, []string{"-max-age", "soon"}, `-max-age: "soon" is not an age`},
		{nil, []string{"-max-bytes", "many"}, `-max-bytes: "many" is not a size`},
		{map[string]string{"HOLMES_MAX_AGE": "soon"}, nil, `HOLMES_MAX_AGE: "soon" is not an age`},
		{nil, []string{"-config", bad}, `there is no setting "max-agee"`},
		{nil, []string{"-config", "/nowhere"}, "/nowhere"},
		{nil, []string{"-write-token", "x"}, "-write-token"}, // secrets have no flag
		{nil, []string{"extra"}, `"extra"`},
		{nil, []string{"-log-format", "xml"}, `"xml"`},
		{nil, []string{"-log-level", "loud"}, `"loud"`},
		{nil, []string{"-tls-cert", "x"}, "-tls-key"},
	} {
		got := call(t, tt.env, append([]string{"serve"}, tt.args...)...)
		require.Equal(t, command.ExitUsage, got.code, "%v", tt)
		require.Contains(t, got.err, tt.want)
	}
}

// An address beyond the loopback needs tokens for writing and reading.
func TestServeNeedsTokens(t *testing.T) {
	dir := t.TempDir()
	for _, env := range []map[string]string{nil, {"HOLMES_READ_TOKEN": "r"}, {"HOLMES_WRITE_TOKEN": "w"}, {"HOLMES_TRIGGER_TOKEN": "t"}} {
		got := call(t, env, "serve", "-data", dir, "-addr", ":0")
		require.Equal(t, command.ExitError, got.code)
		require.Contains(t, got.err, "set a token")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left) // it has not started
}

// A directory that cannot be used ends the process, though it listens already.
func TestServeOnAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	got := call(t, nil, "serve", "-data", file, "-addr", "127.0.0.1:0")
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.err, file)
}
