package event_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/event"
)

// A directory may come from anywhere: what is no event is an error, and no file outside
// of it is opened.
func TestLoadForeignDirectories(t *testing.T) {
	load := func(json string) (*event.Event, error) {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, event.JSONFile), []byte(json), 0o600))
		require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(dir, "cpu.pb.gz")))
		return event.Load(dir)
	}
	for json, want := range map[string]string{
		"": "unexpected end of JSON input", "{": "unexpected end of JSON input", "[]": "cannot unmarshal array",
		"null": "has no id", "{}": "has no id",
	} {
		_, err := load(json)
		require.ErrorContains(t, err, want, json)
	}
	for _, file := range []string{"..", ".", "/", "../../etc/passwd", "/etc/passwd", "sub/cpu.pb.gz"} {
		ev, err := load(`{"id": "x", "profiles": [{"kind": "cpu", "file": "` + file + `"}]}`)
		require.NoError(t, err)
		require.False(t, ev.Profiles[0].Captured(), file)
		_, err = ev.Profiles[0].Open()
		require.ErrorContains(t, err, "is no name of a file")
	}
	ev, err := load(`{"id": "x", "profiles": [{"kind": "cpu", "file": "cpu.pb.gz"}]}`)
	require.NoError(t, err)
	_, err = ev.Profiles[0].Open()
	require.ErrorContains(t, err, "is no regular file")

	_, err = event.Load(t.TempDir())
	require.ErrorIs(t, err, os.ErrNotExist)
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, event.JSONFile), 0o700))
	_, err = event.Load(dir)
	require.ErrorContains(t, err, "is no regular file")
}

// The summary names the tool that opens each profile.
func TestSummaryNamesTools(t *testing.T) {
	ev := event.Event{Profiles: []event.Profile{
		{Kind: event.KindCPU, Path: "/x/cpu.pb.gz"}, {Kind: event.KindTrace, Path: "/x/trace.out"},
	}}
	require.Contains(t, string(ev.Summary()), "go tool pprof cpu.pb.gz\ngo tool trace trace.out\n")
}

// The summary says what limits the verdict, and where the memory is.
func TestSummaryHasCaveatsAndMemory(t *testing.T) {
	ev := event.Event{Diagnosis: diagnose.Verdict{Sentence: "main.keep allocated 90 % of the extra heap", Caveats: []string{"of the heap only"}}}
	ev.Readings.MemoryParts = diagnose.MemoryParts{Used: 200 << 20, GoHeap: 50 << 20, Shared: 150 << 20}
	require.Contains(t, string(ev.Summary()), "\n  (of the heap only)\n")
	require.Contains(t, string(ev.Summary()), "\nmemory: Go's heap 50 MiB, tmpfs files and shared memory 150 MiB\n")
}
