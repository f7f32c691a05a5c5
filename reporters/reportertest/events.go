package reportertest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
)

// EmptyEvent returns a confirmed event whose captures have failed: it has no
// files and no directory.
func EmptyEvent(testing.TB) *holmes.Event {
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	return &holmes.Event{
		ID:    at.Format("20060102T150405.000000000Z") + "-mem-" + rand.Text(),
		State: holmes.StateConfirmed,
		At:    at,
		Trigger: holmes.Trigger{
			Sample:   holmes.Sample{Signal: holmes.SignalMem, Value: 71, Limit: 256 << 20, At: at},
			Reason:   holmes.Reason{Code: holmes.CodeDiff, Mean: 40, Rule: holmes.Threshold{Diff: 25, Window: 2 * time.Minute}},
			Baseline: 40,
			Held:     15 * time.Second,
			Window:   []float64{40, 40, 71},
		},
		Diagnosis: diagnose.Verdict{Sentence: "no clear culprit: this is a test"},
		Labels:    map[string]string{"service": "reportertest"},
		Profiles:  []holmes.Profile{{Kind: holmes.KindCPU, Note: "another profiler was running", Err: errors.New("cpu is taken")}},
	}
}

// MemoryEvent returns a confirmed event as it is when the disk refused it: with
// real profiles, two of them of the same kind, and none of them in a file.
func MemoryEvent(t testing.TB) *holmes.Event {
	t.Helper()
	e := EmptyEvent(t)
	for _, file := range []string{"heap.pb.gz", "heap-gc.pb.gz", "goroutine.pb.gz"} {
		kind := holmes.KindHeap
		if file == "goroutine.pb.gz" {
			kind = holmes.KindGoroutine
		}
		p := holmes.MemoryProfile(kind, file, take(t, kind))
		p.Start = e.At.Add(time.Second)
		e.Profiles = append(e.Profiles, p)
	}
	return e
}

// DiskEvent returns a confirmed event with real profiles that lies in a
// directory of its own, which t removes.
func DiskEvent(t testing.TB) *holmes.Event {
	t.Helper()
	e := MemoryEvent(t)
	dir := filepath.Join(t.TempDir(), e.ID)
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{eventFile: raw, "summary.txt": []byte(e.Sentence() + "\n")}
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.Captured() {
			files[p.File] = take(t, p.Kind)
		}
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if e, err = holmes.LoadEvent(dir); err != nil {
		t.Fatal(err)
	}
	return e
}

// take returns a profile of this process.
func take(t testing.TB, kind holmes.Kind) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := pprof.Lookup(string(kind)).WriteTo(&out, 0); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
