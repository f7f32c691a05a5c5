package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The commands of the README work, with the address of a test server.
func TestReadme(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	raw, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1)
	require.Len(t, blocks, 3)
	require.Contains(t, blocks[0][1], "./cmd/holmes serve -data ")

	p := serving(t, t.TempDir(), nil)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cpu.pb.gz"), cpuProfile(t), 0o600))
	cmd := exec.CommandContext(t.Context(), "bash", "-euc", strings.ReplaceAll(blocks[1][1]+blocks[2][1], "http://127.0.0.1:10100", p.url))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), `{"code":200,"body":{"id":`)
	require.Contains(t, string(out), `"version":"1.2.3"`)
	require.Equal(t, 2, strings.Count(string(out), "Type: cpu"), "%s", out)
	require.Contains(t, string(out), `"value":"cpu","unit":"nanoseconds","profiles":1`)
	for name, begin := range map[string]string{"diff.svg": "<svg ", "default.pgo": "\x1f\x8b"} {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(raw), begin), "%s: %.200s", name, raw)
	}
}
