package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/report"
)

func TestMarkdown(t *testing.T) {
	table := report.Table{Title: "Ticks", Head: []string{"", "holmes"}, Remarks: []string{"On a quiet machine."}}
	table.Add("time", "3 µs")
	require.Equal(t, "## Ticks\n\n|  | holmes |\n| --- | --- |\n| time | 3 µs |\n\nOn a quiet machine.\n", table.Markdown(2))
}

// Replace changes what is between the markers, however often, and nothing else.
func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(file, []byte("a\n<!-- bench -->\nold\n<!-- /bench -->\nz\n"), 0o600))
	for _, text := range []string{"new\n", "newer"} {
		require.NoError(t, report.Replace(file, "bench", text))
	}
	got, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "a\n<!-- bench -->\nnewer\n<!-- /bench -->\nz\n", string(got))
	require.ErrorContains(t, report.Replace(file, "detect", ""), "has no marker <!-- detect -->")
}
