package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	httppprof "net/http/pprof"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/internal/command"
)

// profileFile writes a CPU profile with the seconds of each function.
func profileFile(t *testing.T, name string, seconds map[string]int64) string {
	t.Helper()
	p := &profile.Profile{
		SampleType:    []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		DurationNanos: int64(10 * time.Second), TimeNanos: time.Now().Add(-time.Minute).UnixNano(),
	}
	for function, n := range seconds {
		f := &profile.Function{ID: uint64(len(p.Function) + 1), Name: function}
		l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f, Line: 1}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l)
		p.Sample = append(p.Sample, &profile.Sample{Location: []*profile.Location{l}, Value: []int64{n, n * 1e9}})
	}
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// Profiles are pushed from files, and then listed, compared and drawn.
func TestPushAndLook(t *testing.T) {
	p := serving(t, t.TempDir(), []string{"HOLMES_READ_TOKEN=r", "HOLMES_WRITE_TOKEN=w"})
	reading := map[string]string{"HOLMES_SERVER": p.url, "HOLMES_TOKEN": "r"}
	writing := map[string]string{"HOLMES_SERVER": p.url, "HOLMES_TOKEN": "w"}
	got := call(t, reading, "ls")
	require.Equal(t, command.ExitEmpty, got.code)
	require.Contains(t, got.err, "no event was found")

	before := profileFile(t, "cpu-before.pb.gz", map[string]int64{"main.work": 2, "main.rest": 1})
	after := profileFile(t, "cpu-after.pb.gz", map[string]int64{"main.work": 9, "main.rest": 1})
	got = call(t, writing, "push", "-service", "shop", "-labels", "version=1.2.3", "-json", before, after, "/nowhere/heap.pb.gz", "fish.pb.gz")
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.err, "2 of 4 could not be sent")
	var sent struct{ Profiles []struct{ ID, Error string } }
	require.NoError(t, json.Unmarshal([]byte(got.out), &sent))
	require.Len(t, sent.Profiles, 4)
	require.NotEmpty(t, sent.Profiles[1].ID)
	require.Contains(t, sent.Profiles[2].Error, "no such file")
	require.Contains(t, sent.Profiles[3].Error, "tells no type")

	got = call(t, reading, "ls", "-profiles", "-service", "shop", "-type", "cpu", "-from", "1h", "-labels", "version=1.2.3")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, sent.Profiles[0].ID)
	require.Contains(t, got.out, "version=1.2.3")
	for matcher, found := range map[string]int{`version=~"1\\..*"`: 0, `version!="1.2.3"`: command.ExitEmpty, `version=1.2.3`: 0} {
		got = call(t, reading, "ls", "-profiles", "-match", `service="shop"`, "-match", matcher)
		require.Equal(t, found, got.code, "%s: %s", matcher, got.out)
		got = call(t, reading, "top", "-service", "shop", "-type", "cpu", "-match", matcher)
		require.Equal(t, found, got.code, "%s: %s", matcher, got.out)
	}
	got = call(t, reading, "ls", "-profiles", "-from", "2026-01-01", "-to", "2026-01-02")
	require.Equal(t, command.ExitEmpty, got.code)

	got = call(t, reading, "top", sent.Profiles[1].ID)
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, "cpu: 10 s in all, total over 10s; 2 of 2 functions")
	require.Regexp(t, `9 s +90 % +9 s +90 % +main.work`, got.out)
	got = call(t, reading, "diff", sent.Profiles[0].ID, after) // there and here
	require.Regexp(t, `9 s +\+7 s, \+350 % +9 s +\+7 s, \+350 % +main.work`, got.out)
	got = call(t, reading, "top", "-json", "-service", "shop", "-type", "cpu", "-value", "samples", "-n", "1")
	require.Zero(t, got.code, got.err)
	require.Contains(t, got.out, `"function": "main.work"`)
	require.Contains(t, got.out, `"total": 13`)
	require.NotContains(t, got.out, "main.rest")

	out := filepath.Join(t.TempDir(), "diff.svg")
	got = call(t, reading, "flame", "-base", before, "-o", out, sent.Profiles[1].ID)
	require.Zero(t, got.code, got.err)
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	require.Contains(t, string(raw), "main.work\n2 s → 9 s: +7 s, +350 %")
	got = call(t, reading, "flame", "-json", after)
	require.Contains(t, got.out, `"main.work"`)

	got = call(t, reading, "top", "nobody")
	require.Equal(t, command.ExitEmpty, got.code)
	require.Contains(t, got.err, `"nobody" is neither a file nor an event nor a profile there`)
	got = call(t, map[string]string{"HOLMES_SERVER": p.url, "HOLMES_TOKEN": "guess"}, "ls")
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.err, "the token is not one for reading")
	require.NotContains(t, got.err, "guess")
}

// The commands say what values are, as the collector does, also of a heap profile that
// is the difference of two.
func TestValuesOfCommands(t *testing.T) {
	p := serving(t, t.TempDir(), nil)
	env := map[string]string{"HOLMES_SERVER": p.url}
	heap := filepath.Join(t.TempDir(), "heap.pb.gz")
	require.NoError(t, os.WriteFile(heap, proftest.Real(t)["prometheus-heap"], 0o600))
	for range 3 {
		require.Zero(t, call(t, env, "push", "-service", "prom", heap).code)
	}
	one := call(t, env, "top", heap)
	require.Regexp(t, `^inuse_space: [0-9.]+ MiB in all, one snapshot; `, one.out)
	all := call(t, env, "top", "-service", "prom", "-type", "heap")
	said, rest, _ := strings.Cut(one.out, "\n")
	said = strings.Replace(said, "one snapshot", "mean of 3 snapshots", 1) + "\n3 profiles without an instance label, taken as those of one\n"
	require.Equal(t, said+rest, all.out)
	got := call(t, env, "top", "-service", "prom", "-type", "heap", "-over", "latest", "-json")
	require.Contains(t, got.out, `"text": "latest of 3 snapshots; 3 profiles without an instance label, taken as those of one"`)
	got = call(t, env, "top", "-service", "prom", "-type", "heap", "-over", "fish")
	require.Equal(t, command.ExitUsage, got.code)

	delta := filepath.Join(t.TempDir(), "delta.pb.gz")
	grew := &profile.Profile{SampleType: []*profile.ValueType{{Type: "alloc_space", Unit: "bytes"}, {Type: "inuse_space", Unit: "bytes"}}, DurationNanos: 30e9}
	for name, v := range map[string]int64{"main.grew": 10 << 20, "main.freed": -30 << 20} {
		f := &profile.Function{ID: uint64(len(grew.Function) + 1), Name: name}
		l := &profile.Location{ID: f.ID, Line: []profile.Line{{Function: f}}}
		grew.Function, grew.Location = append(grew.Function, f), append(grew.Location, l)
		grew.Sample = append(grew.Sample, &profile.Sample{Location: []*profile.Location{l}, Value: []int64{max(v, 0), v}})
	}
	var b bytes.Buffer
	require.NoError(t, grew.Write(&b))
	require.NoError(t, os.WriteFile(delta, b.Bytes(), 0o600))
	got = call(t, env, "top", delta)
	require.Contains(t, got.out, "inuse_space: -20 MiB in all, one difference; 2 of 2 functions")
	require.Regexp(t, `-30 MiB +-75 % +-30 MiB +-75 % +main.freed\n`, got.out)
	require.Regexp(t, `10 MiB +25 % +10 MiB +25 % +main.grew\n`, got.out)
	require.Contains(t, call(t, env, "flame", "-plain", delta).out, `aria-label="Flame graph. inuse_space: -20 MiB in all, one difference. 2 boxes"`)
}

// An event reads the same from a collector as from a dump directory.
func TestEventsHereAndThere(t *testing.T) {
	p := serving(t, t.TempDir(), nil)
	dir := t.TempDir()
	file, err := reporters.NewFile(dir)
	require.NoError(t, err)
	web, err := reporters.NewHTTP(p.url + "/api/1/events")
	require.NoError(t, err)
	outside := filepath.Join(filepath.Dir(dir), "cpu.pb.gz")
	require.NoError(t, os.Rename(profileFile(t, "cpu.pb.gz", map[string]int64{"main.secret": 1}), outside))
	e := reportertest.MemoryEvent(t)
	for _, r := range []holmes.Reporter{file, web} {
		require.NoError(t, r.Report(t.Context(), e))
	}
	var answers []string
	for _, where := range [][]string{{"-server", p.url}, {"-dir", dir}} {
		args := func(name string, more ...string) []string { return append(append([]string{name}, where...), more...) }
		got := call(t, nil, args("ls", "-limit", "1")...)
		require.Zero(t, got.code, got.err)
		answers = append(answers, got.out)
		require.Contains(t, got.out, e.ID)
		got = call(t, nil, args("ls", "-signal", "fish")...)
		require.Equal(t, command.ExitEmpty, got.code)
		for service, found := range map[string]int{`service=""`: command.ExitEmpty, `service!=""`: 0, `nothing!~".+"`: 0, `nothing=~".+"`: command.ExitEmpty} {
			require.Equal(t, found, call(t, nil, args("ls", "-match", service)...).code, service)
			require.Equal(t, found, call(t, nil, args("ls", "-profiles", "-match", service)...).code, service)
		}
		got = call(t, nil, args("show", e.ID)...)
		require.Zero(t, got.code, got.err)
		require.Contains(t, got.out, e.Profiles[0].File)
		got = call(t, nil, args("show", "-json", e.ID)...)
		var shown holmes.Event
		require.NoError(t, json.Unmarshal([]byte(got.out), &shown))
		require.Equal(t, e.ID, shown.ID)
		got = call(t, nil, args("ls", "-profiles")...)
		files := slices.DeleteFunc(shown.Profiles, func(p holmes.Profile) bool { return p.File == "" })
		require.Equal(t, 1+len(files), strings.Count(got.out, "\n"), got.out)
		got = call(t, nil, args("top", e.ID+"/../../"+filepath.Base(outside))...)
		require.Equal(t, command.ExitEmpty, got.code, got.out)
		got = call(t, nil, args("top", "-type", "mutex", e.ID)...)
		require.Equal(t, command.ExitEmpty, got.code, got.err)
		require.Contains(t, got.err, "has no mutex profile")
	}
	require.Equal(t, answers[0], answers[1])
	got := call(t, nil, "top", "-dir", dir, "-service", "x", "-type", "cpu")
	require.Equal(t, command.ExitUsage, got.code)
	require.Contains(t, got.err, "are not added up")
}

// push fetches profiles of a service from net/http/pprof.
func TestPushFromAnAddress(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", httppprof.Index)
	mux.HandleFunc("/debug/pprof/profile", httppprof.Profile)
	service := httptest.NewServer(mux)
	defer service.Close()
	p := serving(t, t.TempDir(), nil)
	got := call(t, nil, "push", "-server", p.url, "-service", "shop", "-seconds", "1", service.URL+"/debug/pprof/", service.URL+"/nothing/heap")
	require.Equal(t, command.ExitError, got.code)
	require.Contains(t, got.err, "1 of 4")
	require.Contains(t, got.out, "404")
	got = call(t, nil, "ls", "-server", p.url, "-profiles", "-json")
	for _, kind := range []string{"cpu", "heap", "goroutine"} {
		require.Contains(t, got.out, `"type": "`+kind+`"`)
	}
}

// The error of a mistake names the flag and the value, and has its exit status.
func TestCommandMistakes(t *testing.T) {
	file := profileFile(t, "cpu.pb.gz", map[string]int64{"main.work": 1})
	junk := filepath.Join(t.TempDir(), "junk")
	require.NoError(t, os.WriteFile(junk, []byte("junk"), 0o600))
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"push", command.ExitUsage, "name files"},
		{"push " + file, command.ExitUsage, "-service is missing"},
		{"push -service x -type fish " + file, command.ExitUsage, `"fish"`},
		{"push -service x -labels =y " + file, command.ExitUsage, "missing label"},
		{"push -service x -seconds 0 " + file, command.ExitUsage, "-seconds: 0"},
		{"push -service x -server nowhere " + file, command.ExitUsage, `"nowhere" is not a URL`},
		{"ls extra", command.ExitUsage, `"extra"`},
		{"ls -from soon", command.ExitUsage, `-from "soon"`},
		{"ls -match version", command.ExitUsage, `"version" is not a matcher`},
		{"ls -match a=~[", command.ExitUsage, "the expression for a"},
		{"ls -limit -1", command.ExitUsage, "-1"},
		{"ls -dir /nowhere", command.ExitUsage, "/nowhere"},
		{"ls -server http://127.0.0.1:1", command.ExitError, "connection refused"},
		{"show", command.ExitUsage, "one event is needed"},
		{"top", command.ExitUsage, "name one, or give -service and -type"},
		{"top -sample fish " + file, command.ExitUsage, `"fish" is none of`},
		{"top " + file + " " + file, command.ExitUsage, "holmes diff compares two"},
		{"top " + junk, command.ExitError, junk + " is no profile"},
		{"diff " + file, command.ExitUsage, "two profiles are needed"},
		{"flame -o /nowhere/x.svg " + file, command.ExitError, "/nowhere/x.svg"},
		{"completion powershell", command.ExitUsage, `"powershell" is none of`},
	} {
		got := call(t, nil, strings.Fields(tt.args)...)
		require.Equal(t, tt.code, got.code, "%s: %s", tt.args, got.err)
		require.Contains(t, got.err, tt.want, tt.args)
	}
	for name := range strings.FieldsSeq(call(t, nil, "__complete", "").out) {
		if name == "help" {
			continue
		}
		got := call(t, nil, name, "-help")
		require.Zero(t, got.code, name)
		require.Contains(t, got.out, "holmes "+name)
	}
}

func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"":                  "serve\n",
		"s":                 "serve\nshow\n",
		"ls -s":             "-server\n-service\n-signal\n-state\n",
		"ls -m":             "-match\n",
		"ls --s":            "--server\n--service\n--signal\n--state\n",
		"ls -signal g":      "gcheap\ngoroutine\ngccpu\n",
		"top -type t":       "threadcreate\ntrace\n",
		"top -json ":        "", // files
		"completion ":       "bash\nzsh\nfish\n",
		"nothing -":         "-help\n",
		"serve -log-format": "-log-format\n",
	} {
		words := strings.Split(args, " ")
		got := call(t, nil, append([]string{"__complete"}, words...)...)
		require.Zero(t, got.code)
		if args == "" {
			require.Contains(t, got.out, want)
			continue
		}
		require.Equal(t, want, got.out, args)
	}
}

// The script works in a shell.
func TestBashCompletion(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash is not installed")
	}
	dir := t.TempDir()
	require.NoError(t, os.Symlink(os.Args[0], filepath.Join(dir, "holmes")))
	cmd := exec.CommandContext(t.Context(), bash, "--norc", "-c", `source <(holmes completion bash)
COMP_WORDS=(holmes ls -signal go); COMP_CWORD=3; _holmes; echo "${COMPREPLY[@]}"
COMP_WORDS=(holmes sh); COMP_CWORD=1; _holmes; echo "${COMPREPLY[@]}"`)
	cmd.Env = append(os.Environ(), mainEnv+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "goroutine\nshow\n", string(out))
}
