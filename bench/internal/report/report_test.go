package report_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/bench/internal/report"
)

func TestMarkdown(t *testing.T) {
	table := report.Table{Title: "Ticks", Head: []string{"", "holmes"}, Remarks: []string{"On a quiet machine."}}
	table.Add("time", "3 µs")
	require.Equal(t, "## Ticks\n\n|  | holmes |\n| --- | --- |\n| time | 3 µs |\n\nOn a quiet machine.\n", table.Markdown(2))
}

// Replace changes the text between the markers, also repeatedly, and nothing else.
func TestReplace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(file, []byte("a\n<!-- bench -->\nold\n<!-- /bench -->\nz\n"), 0o600))
	for _, text := range []string{"new\n", "newer"} {
		require.NoError(t, report.Replace(file, "bench", text))
	}
	got := testkit.Must(os.ReadFile(file))(t)
	require.Equal(t, "a\n<!-- bench -->\nnewer\n<!-- /bench -->\nz\n", string(got))
	require.ErrorContains(t, report.Replace(file, "detect", ""), "has no marker <!-- detect -->")
}

const root = "../../.."

// The README's rows are those of docs/benchmarks.md, which the commands write.
func TestReadmeIsOfTheBenchmarks(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o700))
	for _, name := range []string{"README.md", "docs/benchmarks.md"} {
		raw := testkit.Must(os.ReadFile(filepath.Join(root, name)))(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), raw, 0o600))
	}
	require.NoError(t, report.WriteReadme(dir))
	want := testkit.Must(os.ReadFile(filepath.Join(dir, "README.md")))(t)
	got := testkit.Must(os.ReadFile(filepath.Join(root, "README.md")))(t)
	require.Equal(t, string(want), string(got), "make bench-readme writes it")
}

// A row that is missing, or a table that does not say where it was measured, is
// an error and changes no README.
func TestReadmeNeedsItsRows(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "docs"), 0o700))
	require.NoError(t, os.WriteFile(report.Benchmarks(dir), []byte("|  | holmes |\n| --- | --- |\n| One tick: time | 3 µs |\n"), 0o600))
	err := report.WriteReadme(dir)
	require.ErrorContains(t, err, `no row "CPU of an idle hour"`)
	require.ErrorContains(t, err, "0 lines tell where the tables were measured")
	require.NotContains(t, err.Error(), "One tick")
}
