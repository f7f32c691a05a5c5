package api_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// stocked is a world with profiles of two versions of a shop: sort of the old one,
// json of the new one.
func stocked(t *testing.T, change ...func(*api.Config)) (w *world, ids map[string]string) {
	t.Helper()
	w = newWorld(t, change...)
	ids = map[string]string{}
	all := proftest.Real(t)
	for name, query := range map[string]string{
		"sort-cpu":   "service=shop&type=cpu&labels=version=1",
		"json-cpu":   "service=shop&type=cpu&labels=version=2",
		"gofmt-cpu":  "service=shop&type=cpu&labels=version=2",
		"shop-heap":  "service=shop&type=heap",
		"shop-mutex": "service=shop&type=mutex",
	} {
		a := w.post("/api/0/profiles?"+query, all[name])
		require.Equal(t, http.StatusOK, a.status, a.body)
		var got profefeAnswer
		require.NoError(t, json.Unmarshal([]byte(a.body), &got))
		ids[name] = got.Body.ID
	}
	return w, ids
}

// shops are the CPU profiles of the shop by version, and the window of all.
const shops = "service=shop&type=cpu&from=2020-01-01T00:00:00&to=2030-01-01T00:00:00"

func totalsOf(t *testing.T, raw string) map[string]int64 {
	t.Helper()
	p, err := profile.Parse(strings.NewReader(raw))
	require.NoError(t, err)
	require.NoError(t, p.CheckValid())
	totals := map[string]int64{}
	addTotals(totals, p)
	return totals
}

// realTotals are the totals of real profiles together.
func realTotals(t *testing.T, names ...string) map[string]int64 {
	t.Helper()
	totals := map[string]int64{}
	for _, name := range names {
		for key, v := range totalsOf(t, string(proftest.Real(t)[name])) {
			totals[key] += v
		}
	}
	return totals
}

// Every form of request for a merge, and for a difference.
func TestMergeForms(t *testing.T) {
	w, ids := stocked(t)
	for _, tt := range []struct {
		path     string
		profiles string
		want     map[string]int64
	}{
		{"/api/0/profiles/merge?" + shops, "3", realTotals(t, "sort-cpu", "json-cpu", "gofmt-cpu")},
		{"/api/0/profiles/merge?" + shops + "&labels=version=2", "2", realTotals(t, "json-cpu", "gofmt-cpu")},
		{"/api/0/profiles/" + ids["sort-cpu"] + "+" + ids["json-cpu"], "2", realTotals(t, "sort-cpu", "json-cpu")},
		{"/api/0/profiles/" + ids["sort-cpu"] + "+" + ids["sort-cpu"], "2", realTotals(t, "sort-cpu", "sort-cpu")},
		{"/api/1/merge?service=shop&type=cpu", "3", realTotals(t, "sort-cpu", "json-cpu", "gofmt-cpu")},
		{"/api/1/merge?service=shop&type=heap", "1", realTotals(t, "shop-heap")},
		{"/api/1/merge?ids=" + ids["json-cpu"] + "," + ids["sort-cpu"], "2", realTotals(t, "sort-cpu", "json-cpu")},
		{"/api/1/merge?ids=" + ids["json-cpu"] + "&ids=" + ids["sort-cpu"], "2", realTotals(t, "sort-cpu", "json-cpu")},
		{"/api/1/merge?service=shop&type=cpu&max_samples=5", "3", realTotals(t, "sort-cpu", "json-cpu", "gofmt-cpu")},
		{"/api/1/merge?service=shop&type=cpu&format=pgo", "3", realTotals(t, "sort-cpu", "json-cpu", "gofmt-cpu")},
	} {
		a := w.get(tt.path)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", tt.path, a.body)
		require.Equal(t, tt.want, totalsOf(t, a.body), tt.path)
		require.Equal(t, tt.profiles, a.header.Get("X-Holmes-Profiles"), tt.path)
		require.Equal(t, "application/octet-stream", a.header.Get("Content-Type"))
		require.Empty(t, a.header.Get("X-Holmes-Skipped"))
		require.Equal(t, strings.Contains(tt.path, "max_samples"), a.header.Get("X-Holmes-Trimmed") != "")
	}
}

func TestDiffForms(t *testing.T) {
	w, ids := stocked(t)
	one, two := realTotals(t, "sort-cpu"), realTotals(t, "json-cpu", "gofmt-cpu")
	minus := func(a, b map[string]int64) map[string]int64 {
		d := maps.Clone(a)
		for key, v := range b {
			d[key] -= v
		}
		return d
	}
	for query, want := range map[string]map[string]int64{
		"service=shop&type=cpu&labels=version=2&base_labels=version=1":                minus(two, one),
		"service=shop&type=cpu&labels=version=2&base_labels=version=1&form=diff_base": minus(two, one),
		"service=shop&type=cpu&labels=version=1&base_labels=":                         minus(map[string]int64{}, two),
		"ids=" + ids["sort-cpu"] + "&base_ids=" + ids["sort-cpu"]:                     {},
		"ids=" + ids["sort-cpu"] + "&service=shop&type=cpu&base_labels=version=2":     minus(one, two),
		"service=shop&type=cpu&labels=version=2&base_labels=version=1&max_samples=3":  minus(two, one),
	} {
		a := w.get("/api/1/diff?normalize=false&" + query)
		require.Equal(t, http.StatusOK, a.status, "%s: %s", query, a.body)
		require.Equal(t, want, totalsOf(t, a.body), query)
	}
	a := w.get("/api/1/diff?service=shop&type=cpu&labels=version=2&base_labels=version=1&normalize=true")
	for key, v := range totalsOf(t, a.body) {
		require.InDelta(t, 0, v, 0.001*float64(one[key])+5000, "%s: what is compared are shares", key)
	}
}

func TestMergeErrors(t *testing.T) {
	w, ids := stocked(t)
	a := w.post("/api/0/profiles?service=shop&type=trace", trace())
	require.Equal(t, http.StatusOK, a.status)
	var got profefeAnswer
	require.NoError(t, json.Unmarshal([]byte(a.body), &got))
	many := strings.Repeat("x,", 1001)
	for path, want := range map[string]struct {
		status int
		reason string
	}{
		"merge?type=cpu":                                       {400, "missing service, or ids"},
		"merge?service=shop":                                   {400, "missing type"},
		"merge?service=shop&type=fish":                         {400, "is none of"},
		"merge?service=shop&type=trace":                        {405, "cannot be merged"},
		"merge?service=nobody&type=cpu":                        {404, "nothing found"},
		"merge?service=shop&type=cpu&from=x":                   {400, "is neither a time"},
		"merge?service=shop&type=cpu&format=fish":              {400, `format \"fish\" is none of`},
		"merge?service=shop&type=cpu&max_samples=0":            {400, "max_samples"},
		"merge?service=shop&type=cpu&over=fish":                {400, "none of total, rate, latest"},
		"merge?service=shop&type=cpu&instances=fish":           {400, "neither sum nor mean"},
		"merge?service=shop&type=cpu&value=fish":               {400, `value \"fish\" is none of [samples/count cpu/nanoseconds]`},
		"merge?service=shop&type=heap&format=pgo":              {400, "needs CPU profiles"},
		"merge?ids=" + many:                                    {413, "1001 IDs are more than 1000"},
		"merge?ids=" + got.Body.ID:                             {405, "cannot be merged"},
		"merge?ids=nobody":                                     {404, "nothing found"},
		"diff?service=shop&type=cpu":                           {400, "missing base_ids"},
		"diff?type=cpu&base_service=shop":                      {400, "missing service"},
		"diff?service=shop&type=cpu&base_type=fish":            {400, "is none of"},
		"diff?service=shop&type=cpu&base_labels=version=9":     {404, "the base: nothing found"},
		"diff?service=shop&type=cpu&base_type=heap&format=top": {400, "the base: value"},
		"diff?service=shop&type=cpu&base_type=cpu&normalize=x": {400, "neither true nor false"},
		"diff?service=shop&type=cpu&base_type=cpu&form=x":      {400, "neither base nor diff_base"},
		"diff?service=shop&type=cpu&base_type=cpu&format=pgo":  {400, "a difference is no load"},
		"diff?base_ids=" + ids["sort-cpu"]:                     {400, "missing service, or ids"},
	} {
		a := w.get("/api/1/" + path)
		require.Equal(t, want.status, a.status, "%s: %s", path, a.body)
		require.Contains(t, a.body, want.reason, path)
	}
	require.Equal(t, 413, w.get("/api/0/profiles/"+strings.Repeat("x+", 1001)).status)
}

// The table of functions, of a merge and of a difference.
func TestTop(t *testing.T) {
	w, _ := stocked(t)
	for path, compared := range map[string]bool{
		"/api/1/merge?format=top&service=shop&type=cpu&value=cpu":                                         false,
		"/api/1/diff?format=top&service=shop&type=cpu&labels=version=2&base_labels=version=1":             true,
		"/api/1/diff?format=top&service=shop&type=cpu&labels=version=2&base_labels=version=1&normalize=1": true,
	} {
		a := w.get(path)
		require.Equal(t, http.StatusOK, a.status, a.body)
		var top api.Top
		require.NoError(t, json.Unmarshal([]byte(a.body), &top))
		require.Equal(t, "nanoseconds", top.Unit)
		require.Positive(t, top.Total)
		require.NotEmpty(t, top.Rows)
		require.LessOrEqual(t, len(top.Rows), top.Functions)
		flat := 0.0
		for _, row := range top.Rows {
			flat += row.Flat - row.FlatBase
		}
		require.InDelta(t, top.Total-top.TotalBase, flat, 0.001*top.Total)
		require.Equal(t, compared, top.TotalBase > 0)
		if strings.Contains(path, "normalize") {
			require.InEpsilon(t, top.Total, top.TotalBase, 0.001)
		}
	}
}

func TestFlame(t *testing.T) {
	w, _ := stocked(t)
	for _, path := range []string{"merge?", "diff?base_labels=version=1&labels=version=2&"} {
		a := w.get("/api/1/" + path + "format=flame&service=shop&type=cpu")
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, "image/svg+xml", a.header.Get("Content-Type"))
		require.Contains(t, a.header.Get("Content-Security-Policy"), "sandbox")
		require.Contains(t, a.body, "encoding/json")
	}
}

// Call graphs with Graphviz, without it, and with one that does not end.
func TestGraph(t *testing.T) {
	dir := t.TempDir()
	program := func(name, script string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700))
		return path
	}
	linked := func(c *api.Config) { c.Dot = filepath.Join(dir, "link") }
	w, _ := stocked(t, linked)
	graph := "/api/1/merge?format=graph&service=shop&type=cpu"
	use := func(path string) {
		_ = os.Remove(filepath.Join(dir, "link"))
		require.NoError(t, os.Symlink(path, filepath.Join(dir, "link")))
	}
	a := w.get(graph)
	require.Equal(t, http.StatusNotImplemented, a.status)
	require.Contains(t, a.body, "apt-get install graphviz")
	require.Contains(t, a.body, "not_available")

	a = w.get("/api/1/diff?format=dot&service=shop&type=cpu&labels=version=2&base_labels=version=1")
	require.Contains(t, a.body, "digraph calls {")
	require.Contains(t, a.body, "version=2 against shop, cpu, version=1")

	use(program("fails", "echo no fonts >&2; exit 3"))
	require.Equal(t, http.StatusInternalServerError, w.get(graph).status)
	use(program("floods", "exec yes"))
	require.Equal(t, http.StatusInternalServerError, w.get(graph).status)
	use(program("hangs", "cat >/dev/null; exec sleep 600"))
	hasty, _ := stocked(t, linked, func(c *api.Config) { c.Limits.Merge = time.Second })
	require.Equal(t, http.StatusRequestTimeout, hasty.get(graph).status)

	path, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("needs Graphviz: ", err)
	}
	use(path)
	for _, path := range []string{graph, "/api/1/diff?format=graph&service=shop&type=cpu&labels=version=2&base_labels=version=1"} {
		a = w.get(path)
		require.Equal(t, http.StatusOK, a.status, a.body)
		require.Equal(t, "image/svg+xml", a.header.Get("Content-Type"))
		require.Contains(t, a.body, "<svg")
		require.Contains(t, a.body, "encoding/json")
	}
}

// goTool returns what runs a tool of Go without the user's settings. The go command is
// asked for the tool's path once: it takes longer than the tool.
func goTool(t *testing.T, name string) (run func(t *testing.T, args ...string) string) {
	t.Helper()
	path := output(t, exec.CommandContext(t.Context(), "go", "tool", "-n", name))
	return func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), strings.TrimSpace(path), args...)
		cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir())
		return output(t, cmd)
	}
}

// output is what a program prints, without its errors.
func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, errs.String())
	return string(out)
}

// go tool pprof prints the same for the address of every kind of query as for the
// same profiles as files.
func TestGoToolPprof(t *testing.T) {
	w, ids := stocked(t)
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name+".pb.gz")
		require.NoError(t, os.WriteFile(path, proftest.Real(t)[name], 0o600))
		return path
	}
	pprof := goTool(t, "pprof")
	sorts, jsons, gofmts := file("sort-cpu"), file("json-cpu"), file("gofmt-cpu")
	at := func(path string) string { return w.URL + path }
	window := "&from=2020-01-01T00:00:00&to=2030-01-01T00:00:00"
	two := "service=shop&type=cpu&labels=" + url.QueryEscape("version=2")
	for name, tt := range map[string]struct{ address, files []string }{
		"one":          {[]string{at("/api/0/profiles/" + ids["sort-cpu"])}, []string{sorts}},
		"by IDs":       {[]string{at("/api/0/profiles/" + ids["sort-cpu"] + "+" + ids["json-cpu"])}, []string{sorts, jsons}},
		"profefe's":    {[]string{at("/api/0/profiles/merge?" + two + window)}, []string{jsons, gofmts}},
		"ours":         {[]string{at("/api/1/merge?service=shop&type=cpu")}, []string{sorts, jsons, gofmts}},
		"ours, by IDs": {[]string{at("/api/1/merge?ids=" + ids["gofmt-cpu"])}, []string{gofmts}},
		"base":         {[]string{"-base", at("/api/1/merge?service=shop&type=cpu&labels=version=1"), at("/api/1/merge?" + two)}, []string{"-base", sorts, jsons, gofmts}},
		"diff_base":    {[]string{"-diff_base", at("/api/1/merge?service=shop&type=cpu&labels=version=1"), at("/api/1/merge?" + two)}, []string{"-diff_base", sorts, jsons, gofmts}},
		"diff":         {[]string{at("/api/1/diff?" + two + "&base_labels=version=1&normalize=false")}, []string{"-base", sorts, jsons, gofmts}},
		"diff, label":  {[]string{at("/api/1/diff?" + two + "&base_labels=version=1&form=diff_base&normalize=false")}, []string{"-diff_base", sorts, jsons, gofmts}},
		"normalized":   {[]string{at("/api/1/diff?" + two + "&base_labels=version=1&normalize=true")}, []string{"-normalize", "-base", sorts, jsons, gofmts}},
	} {
		t.Run(name, func(t *testing.T) {
			top := func(args []string) []string {
				out := pprof(t, append([]string{"-top", "-nodecount=15", "-symbolize=none"}, args...)...)
				_, table, ok := strings.Cut(out, "flat  flat%")
				require.True(t, ok, out)
				return strings.Split(table, "\n")
			}
			got, want := top(tt.address), top(tt.files)
			require.Greater(t, len(want), 10)
			require.Equal(t, want, got)
		})
	}
}

// go build -pgo accepts the format pgo.
func TestPGO(t *testing.T) {
	w, _ := stocked(t)
	require.Equal(t, http.StatusOK, w.post("/api/0/profiles?service=shop&type=cpu", proftest.Own(t)["cpu"]).status) // has labels
	a := w.get("/api/1/merge?format=pgo&service=shop&type=cpu")
	require.Equal(t, http.StatusOK, a.status, a.body)
	require.Contains(t, a.header.Get("Content-Disposition"), "default.pgo")
	p, err := profile.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	for _, s := range p.Sample {
		require.Empty(t, s.Label)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "default.pgo")
	require.NoError(t, os.WriteFile(path, []byte(a.body), 0o600))
	edges := filepath.Join(dir, "edges")
	goTool(t, "preprofile")(t, "-i", path, "-o", edges)
	raw, err := os.ReadFile(edges)
	require.NoError(t, err)
	require.Contains(t, string(raw), "encoding/json")
	require.Greater(t, strings.Count(string(raw), "\n"), 100, "edges with weights")
}
