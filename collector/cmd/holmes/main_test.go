package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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
	code := run(t.Context(), stdio{in: strings.NewReader(""), out: &out, err: &errs, env: func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}}, args)
	return output{code, out.String(), errs.String()}
}

// A process is a holmes serve of its own.
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
		append([]string{"serve", "-data", dir, "-addr", "127.0.0.1:0", "-log-format", "json"}, args...)...)
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
	require.Equal(t, exitUsage, got.code)
	got = call(t, nil, "sevre")
	require.Equal(t, exitUsage, got.code)
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

// Mistakes name the setting and the value, and secrets not at all.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "holmes.conf")
	require.NoError(t, os.WriteFile(file, []byte("# a comment\n\nmax-age = 7d\nmax-bytes=1GiB\n read-token = from file \naddr = :1\n"), 0o600))
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
		{nil, []string{"-write-token", "x"}, "-write-token"}, // everybody would see it
		{nil, []string{"extra"}, `"extra"`},
		{nil, []string{"-log-format", "xml"}, `"xml"`},
		{nil, []string{"-log-level", "loud"}, `"loud"`},
		{nil, []string{"-tls-cert", "x"}, "-tls-key"},
	} {
		got := call(t, tt.env, append([]string{"serve"}, tt.args...)...)
		require.Equal(t, exitUsage, got.code, "%v", tt)
		require.Contains(t, got.err, tt.want)
	}

	std := stdio{env: func(name string) (string, bool) {
		value, ok := map[string]string{"HOLMES_CONFIG": file, "HOLMES_MAX_BYTES": "2GiB", "HOLMES_WRITE_TOKEN": "from env"}[name]
		return value, ok
	}}
	c, err := readServeConfig(std, []string{"-addr", "127.0.0.1:2"})
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:2", c.addr)          // the flag before the file
	require.EqualValues(t, 2<<30, c.maxBytes)        // the environment before the file
	require.EqualValues(t, 7*24*time.Hour, c.maxAge) // the file before the default
	require.Equal(t, "from file", c.tokens.Read)
	require.Equal(t, "from env", c.tokens.Write)
	require.True(t, c.protected())
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "17B": 17, "1KB": 1000, "1KiB": 1024, "1.5GiB": 3 << 29, "2 TB": 2e12} {
		var s size
		require.NoError(t, s.Set(text), text)
		require.EqualValues(t, want, s, text)
		var again size
		require.NoError(t, again.Set(s.String()))
		require.Equal(t, s, again)
	}
	for text, want := range map[string]time.Duration{"0": 0, "30d": 720 * time.Hour, "1.5d": 36 * time.Hour, "90m": 90 * time.Minute} {
		var a age
		require.NoError(t, a.Set(text), text)
		require.EqualValues(t, want, a, text)
		var again age
		require.NoError(t, again.Set(a.String()))
		require.Equal(t, a, again)
	}
	for _, text := range []string{"", "x", "-1", "-1d", "1y", "1e30", "GiB", "9999999TiB"} {
		require.Error(t, new(size).Set(text), text)
	}
	for _, text := range []string{"", "x", "-1h", "-1d", "d", "999999d"} {
		require.Error(t, new(age).Set(text), text)
	}
}

// P26 of PROMISES.md: nobody else is let in by accident.
func TestServeNeedsTokens(t *testing.T) {
	dir := t.TempDir()
	for _, env := range []map[string]string{nil, {"HOLMES_READ_TOKEN": "r"}, {"HOLMES_WRITE_TOKEN": "w"}, {"HOLMES_TRIGGER_TOKEN": "t"}} {
		got := call(t, env, "serve", "-data", dir, "-addr", ":0")
		require.Equal(t, exitError, got.code)
		require.Contains(t, got.err, "set a token")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left) // nothing was begun
}

// While the store is being opened, the process is seen to live.
func TestGate(t *testing.T) {
	g := new(gate)
	ask := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		return w
	}
	require.Equal(t, 200, ask("/healthz").Code)
	g.report(17, 400)
	a := ask("/readyz")
	require.Equal(t, 503, a.Code)
	require.NotEmpty(t, a.Header().Get("Retry-After"))
	require.Contains(t, a.Body.String(), "reading 17 of 400 files")
	g.drain()
}

// A mistake in the directory ends the process, also while it listens.
func TestServeOnAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	got := call(t, nil, "serve", "-data", file, "-addr", "127.0.0.1:0")
	require.Equal(t, exitError, got.code)
	require.Contains(t, got.err, file)
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
