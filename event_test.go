package holmes_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/testkit"
)

// event.json is stable: these names and forms are what collectors read.
func TestEventJSON(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, zone)
	e := &holmes.Event{
		ID: "20260102T020405.000000000Z-cpu-00000001", State: holmes.StateConfirmed, At: at,
		Trigger: holmes.Trigger{
			Sample:   holmes.Sample{Signal: holmes.SignalCPU, Value: 61.2, Limit: 2, At: at},
			Reason:   holmes.Reason{Code: holmes.CodeDiff, Rule: holmes.Threshold{Diff: 25, Margin: 10, Window: 2 * time.Minute}},
			Baseline: 41, BaselineOver: 37 * time.Second, Held: 15 * time.Second, Window: []float64{40, 42, 61.2},
		},
		Diagnosis: diagnose.Verdict{Sentence: "main.applyCoupons (coupon.go:41) took 64 % of the extra CPU", Confident: true, Culprits: []diagnose.Culprit{
			{Function: "main.applyCoupons", File: "coupon.go", Line: 41, Share: 0.64, Delta: 1.9e9, Unit: "nanoseconds", Score: 9.1, Evidence: "cpu"},
		}},
		Profiles: []holmes.Profile{
			{Kind: holmes.KindCPU, File: "cpu.pb.gz", Start: at, Duration: 15 * time.Second},
			{Kind: holmes.KindHeap, Err: errors.New("would not fit")},
		},
		Readings: holmes.Readings{Cores: 2, Goroutines: 12}, Labels: map[string]string{"service": "shop"},
	}
	raw := testkit.Must(json.Marshal(e))(t)
	require.JSONEq(t, `{
		"id": "20260102T020405.000000000Z-cpu-00000001", "state": "confirmed", "at": "2026-01-02T03:04:05+01:00",
		"sentence": "CPU 61 % for 15 s, normal 41 %: main.applyCoupons (coupon.go:41) took 64 % of the extra CPU",
		"trigger": {"signal": "cpu", "reason": "diff", "value": 61.2, "limit": 2, "baseline": 41, "baseline_seconds": 37, "held_seconds": 15,
			"sentence": "CPU 61 % for 15 s: 49 % above its 37-second mean of 41 % (rule: 25 % and 10 points)", "window": [40, 42, 61.2],
			"at": "2026-01-02T03:04:05+01:00", "rule": {"diff": 25, "margin": 10, "window_seconds": 120}},
		"diagnosis": {"sentence": "main.applyCoupons (coupon.go:41) took 64 % of the extra CPU", "confident": true, "culprits": [
			{"function": "main.applyCoupons", "file": "coupon.go", "line": 41, "share": 0.64, "delta": 1.9e9, "unit": "nanoseconds", "score": 9.1, "evidence": "cpu"}]},
		"profiles": [{"kind": "cpu", "file": "cpu.pb.gz", "start": "2026-01-02T03:04:05+01:00", "duration_seconds": 15, "note": ""},
			{"kind": "heap", "duration_seconds": 0, "note": "would not fit"}],
		"readings": {"cores": 2, "goroutines": 12},
		"labels": {"service": "shop"}, "cost": {}, "holmes": {"version": "`+holmes.Version+`"}}`, string(raw))

	var back holmes.Event
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, e.Sentence(), back.Sentence())
	require.Equal(t, e.Trigger.Reason.Rule, back.Trigger.Reason.Rule)
	require.Equal(t, e.Trigger.BaselineOver, back.Trigger.BaselineOver)
	again := testkit.Must(json.Marshal(&back))(t)
	require.JSONEq(t, string(raw), string(again), "what was read can be written again")
	require.Error(t, json.Unmarshal([]byte(`{"at": 7}`), &back))
}

// An event on disk is complete, private and readable.
func TestEventOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.Memory(900 << 20)
		seconds(10)
		suspected := testkit.Must(filepath.Glob(filepath.Join(l.dir, "2*-mem-*")))(t)
		require.Len(t, suspected, 1)
		e := testkit.Must(holmes.LoadEvent(suspected[0]))(t)
		require.Equal(t, holmes.StateSuspected, e.State, "the evidence is there before the verdict")
		require.FileExists(t, filepath.Join(suspected[0], "heap.pb.gz"))

		seconds(30)
		e = testkit.Must(holmes.LoadEvent(suspected[0]))(t)
		require.Equal(t, holmes.StateConfirmed, e.State)
		require.Equal(t, "memory 88 % for 15 s: above 80 %, mean before it 4.9 %", e.Trigger.Sentence())
		require.NotEmpty(t, parse(t, e.Profile(holmes.KindHeap)).SampleType)
		summary := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "summary.txt")))(t)
		require.Contains(t, string(summary), e.Sentence())
		require.Contains(t, string(summary), "go tool pprof heap.pb.gz")
	})
}

// The second heap profile comes after a collection, and says which.
func TestHeapIsTakenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithForcedGC(true)).run(t)
		seconds(60)
		l.host.Memory(900 << 20)
		seconds(30)
		e := l.event(t)
		require.Len(t, e.Profiles, 2)
		require.Equal(t, "heap.pb.gz", e.Profiles[0].File)
		require.Equal(t, "heap-gc.pb.gz", e.Profiles[1].File)
		require.Contains(t, e.Profiles[1].Note, "collection")
		require.LessOrEqual(t, e.Cost.ForcedGC, 1)
		require.Equal(t, "heap-gc.pb.gz", e.Profile(holmes.KindHeap).File)
	})
}

// A capture that fails, and one that panics, leave their reason and the rest.
func TestCaptureThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.SetCapture(holmes.KindHeap, 0, func(io.Writer) error { return errors.New("torn") })
		l.run(t)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap, holmes.KindGoroutine))(t)
		synctest.Wait()
		require.Len(t, l.got.all(), 1)
		require.ErrorContains(t, e.Profiles[0].Err, "torn")
		require.NotNil(t, e.Profile(holmes.KindGoroutine))
		require.ErrorContains(t, testkit.Err(e.Profiles[0].Open()), "torn")
		require.NoFileExists(t, filepath.Join(e.Dir, "heap.pb.gz"))
	})
}

// The event says what the groups did meanwhile, and when the process is not the
// one who fills them.
func TestGroupsInTheEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t).run(t)
		seconds(60)
		l.host.Siblings(850 << 20)
		seconds(30)
		e := l.event(t)
		g := e.Readings.Groups
		require.NotNil(t, g)
		require.Equal(t, []holmes.CPUGroup{{Path: "/pod/app", Quota: 2, Throttled: 50, ThrottledSeconds: 1}}, g.CPU)
		require.Equal(t, holmes.MemoryGroup{
			Path: "/pod/app", Used: 900 << 20, Usage: 930 << 20, Limit: 1 << 30, OOMKills: 2,
		}, g.Memory[0])
		require.InDelta(t, 12, g.CPUPressure, 0)

		require.Contains(t, e.Profile(holmes.KindHeap).Note, "this process holds 6 % of the memory that its group uses")
		summary := testkit.Must(os.ReadFile(filepath.Join(e.Dir, "summary.txt")))(t)
		for _, want := range []string{
			"this process holds 6 %", "CPU throttled in 50 % of the periods, for 1.0 s, by the quota of 2 cores at /pod/app",
			"waited for CPU 12 %", "the kernel has killed 2 times for memory at /pod/app",
		} {
			require.Contains(t, string(summary), want)
		}
		onDisk := testkit.Must(holmes.LoadEvent(e.Dir))(t)
		require.Equal(t, e.Readings, onDisk.Readings)
	})
}

// Without groups there are the host's numbers, and no words about groups.
func TestEventWithoutGroups(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, holmes.WithCGroup(false)).run(t)
		seconds(5)
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindHeap))(t)
		require.Nil(t, e.Readings.Groups)
		require.Equal(t, "process", e.Readings.MemoryScope)
		require.Empty(t, e.Profiles[0].Note)
	})
}

func parse(t *testing.T, p *holmes.Profile) *profile.Profile {
	t.Helper()
	require.NotNil(t, p)
	f := testkit.Must(p.Open())(t)
	defer f.Close()
	parsed := testkit.Must(profile.Parse(f))(t)
	return parsed
}
