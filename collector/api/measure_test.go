package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/api"
)

// at is a real profile as it was written at a time.
func at(t *testing.T, name string, when time.Time) []byte {
	t.Helper()
	p, err := profile.ParseData(proftest.Real(t)[name])
	require.NoError(t, err)
	p.TimeNanos = when.UnixNano()
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes()
}

func (w *world) send(query string, raw []byte) {
	w.t.Helper()
	a := w.post("/api/0/profiles?"+query, raw)
	require.Equal(w.t, http.StatusOK, a.status, a.body)
}

func (w *world) top(query string) api.Top {
	w.t.Helper()
	a := w.get("/api/1/" + query)
	require.Equal(w.t, http.StatusOK, a.status, a.body)
	var top api.Top
	require.NoError(w.t, json.Unmarshal([]byte(a.body), &top))
	return top
}

// pprofTotal is the sum of the values of a type that go tool pprof prints of a file.
func pprofTotal(t *testing.T, pprof func(*testing.T, ...string) string, path, typ string) (sum int64) {
	t.Helper()
	_, samples, ok := strings.Cut(pprof(t, "-raw", "-symbolize=none", path), "\nSamples:\n")
	require.True(t, ok)
	samples, _, _ = strings.Cut(samples, "\nLocations\n")
	lines := strings.Split(samples, "\n")
	column := -1
	for i, name := range strings.Fields(lines[0]) {
		if strings.HasPrefix(name, typ+"/") {
			column = i
		}
	}
	require.GreaterOrEqual(t, column, 0, lines[0])
	for _, m := range regexp.MustCompile(`(?m)^\s*((?:-?\d+\s+)*-?\d+):`).FindAllStringSubmatch(samples, -1) {
		n, err := strconv.ParseInt(strings.Fields(m[1])[column], 10, 64)
		require.NoError(t, err)
		sum += n
	}
	return sum
}

// Sixty snapshots of a heap of 15 MiB are a heap of 15 MiB in every form, and one that
// is compared with itself has not grown.
func TestHeapIsNoSum(t *testing.T) {
	w := newWorld(t)
	path := filepath.Join(t.TempDir(), "heap.pb.gz")
	require.NoError(t, os.WriteFile(path, proftest.Real(t)["prometheus-heap"], 0o600))
	pprof := goTool(t, "pprof")
	want := pprofTotal(t, pprof, path, "inuse_space")
	for n := range 60 {
		w.send("service=prom&type=heap", at(t, "prometheus-heap", taken().Add(time.Duration(n)*time.Minute)))
	}
	top := w.top("merge?service=prom&type=heap&format=top")
	require.Equal(t, "inuse_space", top.Value)
	require.InDelta(t, want, top.Total, 0)
	require.Equal(t, "mean of 60 snapshots; 60 profiles without an instance label, taken as those of one", top.Measure.Text)
	require.InDelta(t, want, w.top("merge?service=prom&type=heap&format=top&over=latest").Total, 0)
	require.Contains(t, w.get("/api/1/merge?service=prom&type=heap&format=flame").body, "in all, mean of 60 snapshots</text>")
	require.Contains(t, w.get("/api/1/merge?service=prom&type=heap&format=dot").body, "mean of 60 snapshots")
	merged := filepath.Join(t.TempDir(), "merged.pb.gz")
	require.NoError(t, os.WriteFile(merged, []byte(w.get("/api/1/merge?service=prom&type=heap").body), 0o600))
	require.Equal(t, want, pprofTotal(t, pprof, merged, "inuse_space"))
	require.Contains(t, pprof(t, "-comments", merged), "holmes: inuse_space: mean of 60 snapshots")
	require.Equal(t, "mean of 60 snapshots; 60 profiles without an instance label, taken as those of one", w.get("/api/0/profiles/merge?service=prom&type=heap&from=2026-01-01T00:00:00&to=2027-01-01T00:00:00").header.Get("X-Holmes-Measure"))

	half := taken().Add(29 * time.Minute).Format("2006-01-02T15:04:05")
	sides := "service=prom&type=heap&value=inuse_space&from=" + half + "&base_from=2026-01-01T00:00:00&base_to=" + taken().Add(4*time.Minute).Format("2006-01-02T15:04:05")
	diff := w.top("diff?format=top&" + sides)
	require.InDelta(t, diff.Total, diff.TotalBase, 0)
	require.Equal(t, []int{31, 5}, []int{diff.Measure.Profiles, diff.BaseMeasure.Profiles})
	require.InDelta(t, 1, diff.BaseScale, 0)
	require.Contains(t, w.get("/api/1/diff?format=flame&"+sides).body, "before, 15 MiB after: no change, mean of 31 snapshots, before: mean of 5 snapshots")
	require.Empty(t, totalsOf(t, w.get("/api/1/diff?"+sides).body))
}

// A comparison of flows is one of the same time, and says so.
func TestDiffIsBalanced(t *testing.T) {
	w := newWorld(t)
	cpu := func(seconds, work int64) []byte {
		f := &profile.Function{ID: 1, Name: "main.work"}
		l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f}}}
		p := &profile.Profile{
			SampleType: valueTypes["cpu"], Function: []*profile.Function{f}, Location: []*profile.Location{l}, TimeNanos: taken().UnixNano(),
			DurationNanos: seconds * 1e9, Sample: []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{work / 1e7, work}}},
		}
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		return b.Bytes()
	}
	for range 3 {
		w.send("service=shop&type=cpu&labels=version=1", cpu(10, 4e9))
	}
	w.send("service=shop&type=cpu&labels=version=2", cpu(10, 5e9))
	sides := "diff?service=shop&type=cpu&labels=version=2&base_labels=version=1"
	for _, tt := range []struct {
		more        string
		total, base float64
		scale       float64
		why         string
	}{
		{"", 5e9, 4e9, 1.0 / 3, "before: total over 30s, scaled by 0.333 to the same time (10s against 30s)"},
		{"&normalize=false", 5e9, 12e9, 1, "not scaled"},
		{"&normalize=true", 5e9, 5e9, 5.0 / 12, "scaled to the same total"},
		{"&over=rate", 5e8, 4e8, 1, "per second of one instance, from 10s, before: per second of one instance, from 30s"},
	} {
		diff := w.top(sides + "&format=top" + tt.more)
		require.InDelta(t, tt.total, diff.Total, 1, tt.more)
		require.InDelta(t, tt.base, diff.TotalBase, 1, tt.more)
		require.InDelta(t, tt.scale, diff.BaseScale, 1e-9, tt.more)
		require.Contains(t, w.get("/api/1/"+sides+"&format=flame"+tt.more).body, tt.why, tt.more)
	}
	require.Equal(t, map[string]int64{"cpu/nanoseconds": 1e9, "samples/count": 100}, totalsOf(t, w.get("/api/1/"+sides).body))
}

// All profiles of a query are in the answer, whatever their number.
func TestManyProfiles(t *testing.T) {
	w := newWorld(t)
	for n := range 300 {
		w.send("service=web&type=cpu", profileOf(t, "cpu", taken().Add(time.Duration(n)*time.Second)))
	}
	top := w.top("merge?service=web&type=cpu&format=top")
	require.InDelta(t, 300*20, top.Total, 0)
	require.Equal(t, "total over 50m; 300 profiles without an instance label, taken as those of one; "+
		"299 profiles recorded while another one of the same instance was", top.Measure.Text)
}

// Profiles of many writers are one answer: units add up, and what has no such values
// is counted. Every shape is what go tool pprof says of it.
func TestShapesOfOtherProfilers(t *testing.T) {
	w := newWorld(t)
	shape := func(types []*profile.ValueType, values ...int64) []byte {
		f := &profile.Function{ID: 1, Name: "main.work"}
		l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f}}}
		p := &profile.Profile{
			SampleType: types, Function: []*profile.Function{f}, Location: []*profile.Location{l}, TimeNanos: taken().UnixNano(),
			DurationNanos: 1e10, Sample: []*profile.Sample{{Location: []*profile.Location{l}, Value: values}},
		}
		var b bytes.Buffer
		require.NoError(t, p.Write(&b))
		return b.Bytes()
	}
	pprof := goTool(t, "pprof")
	types := func(pairs ...string) (all []*profile.ValueType) {
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, &profile.ValueType{Type: pairs[i], Unit: pairs[i+1]})
		}
		return all
	}
	for i, s := range []struct {
		kind, value string
		raw         []byte
		want        float64
	}{
		{"cpu", "cpu", shape(types("samples", "count", "cpu", "nanoseconds"), 100, 1e9), 1e9},
		{"cpu", "cpu", shape(types("samples", "count", "cpu", "milliseconds"), 100, 1000), 1000},
		{"cpu", "wall", shape(types("sample", "count", "wall", "nanoseconds"), 100, 1e9), 1e9},
		{"cpu", "itimer", shape(types("samples", "count", "itimer", "nanoseconds"), 100, 1e9), 1e9},
		{"cpu", "samples", shape(types("samples", "count"), 100), 100},
		{"heap", "inuse_space", shape(types("inuse_space", "bytes", "inuse_objects", "count"), 4096, 3), 4096},
		{"heap", "space", shape(types("space", "bytes", "objects", "count"), 4096, 3), 4096},
		{"mutex", "lock_time", shape(types("lock_time", "nanoseconds", "lock_count", "count"), 4, 3), 4},
		{"block", "delay", shape(types("contentions", "count", "delay", "nanoseconds"), 3, 4), 4},
		{"other", "exception", shape(types("exception", "count"), 3), 3},
	} {
		w.send(fmt.Sprintf("service=one%d&type=%s", i, s.kind), s.raw)
		top := w.top(fmt.Sprintf("merge?service=one%d&type=%s&format=top", i, s.kind))
		require.Equal(t, s.value, top.Value, "by the kind, not by the position")
		require.InDelta(t, s.want, top.Total, 0, s.value)
		path := filepath.Join(t.TempDir(), "one.pb.gz")
		require.NoError(t, os.WriteFile(path, s.raw, 0o600))
		require.EqualValues(t, pprofTotal(t, pprof, path, s.value), top.Total)
		w.send("service=all&type="+s.kind, s.raw)
	}
	top := w.top("merge?service=all&type=cpu&format=top")
	require.Equal(t, "cpu", top.Value)
	require.Equal(t, "nanoseconds", top.Unit)
	require.InDelta(t, 2e9, top.Total, 0, "a second and 1000 ms")
	require.Equal(t, "total over 20s; 3 profiles without such values; 2 profiles without an instance label, taken as those of one; "+
		"1 profile recorded while another one of the same instance was", top.Measure.Text)
	require.Contains(t, w.get("/api/1/merge?service=all&type=cpu&format=flame").body, "3 profiles without such values")
	require.Contains(t, w.get("/api/1/merge?service=all&type=cpu&format=dot").body, "3 profiles without such values")
	require.Equal(t, "samples", w.top("merge?service=all&type=cpu&format=top&value=samples").Value)
}

// The default value of a file is shown of a file that is asked for, and what its kind
// says of a kind that is asked for.
func TestValueGoesByKind(t *testing.T) {
	w := newWorld(t)
	w.send("service=shop&type=heap", proftest.Real(t)["json-allocs"]) // alloc_space is its default
	require.Equal(t, "inuse_space", w.top("merge?service=shop&type=heap&format=top").Value)
	var found struct{ Profiles []struct{ ID string } }
	require.NoError(t, json.Unmarshal([]byte(w.get("/api/1/profiles?service=shop").body), &found))
	require.Equal(t, "alloc_space", w.top("merge?format=top&ids="+url.QueryEscape(found.Profiles[0].ID)).Value)
}
