package reporters_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

func newPyroscope(t *testing.T, url string, opts ...reporters.HTTPOption) *reporters.Pyroscope {
	t.Helper()
	r, err := reporters.NewPyroscope(url, opts...)
	require.NoError(t, err)
	return r
}

func TestPyroscopeConformance(t *testing.T) {
	reportertest.Test(t, func(t *testing.T) reportertest.Target {
		f := newFakePyroscope(t)
		return reportertest.Target{Reporter: newPyroscope(t, f.URL), Stall: f.hold}
	})
}

// recent moves an event's profiles to a minute ago.
func recent(t *testing.T) *holmes.Event {
	t.Helper()
	e := wired(t)
	start := time.Now().Add(-time.Minute).Truncate(time.Second)
	e.At = start
	for i := range e.Profiles {
		p := &e.Profiles[i]
		if parsed, err := profile.ParseData(maybe(t, p)); err == nil {
			parsed.TimeNanos = start.UnixNano()
			*p = holmes.MemoryProfile(p.Kind, p.File, encoded(t, parsed))
		}
		p.Start = start
	}
	return e
}

func maybe(t *testing.T, p *holmes.Profile) []byte {
	t.Helper()
	if !p.Captured() {
		return nil
	}
	return content(t, p)
}

func one(raw []byte) *holmes.Event {
	e := reportertest.EmptyEvent(nil)
	e.Profiles = []holmes.Profile{holmes.MemoryProfile("cpu", "one.pb.gz", raw)}
	return e
}

func parsed(t *testing.T, uploads []upload) *profile.Profile {
	t.Helper()
	require.Len(t, uploads, 1)
	p, err := profile.ParseData(uploads[0].body)
	require.NoError(t, err)
	require.NoError(t, p.CheckValid())
	return p
}

// Everything of an event arrives under the metric that it belongs to, but for
// the trace.
func TestPyroscopeDeliversEveryProfile(t *testing.T) {
	f := newFakePyroscope(t)
	e := recent(t)
	require.NoError(t, newPyroscope(t, f.URL, reporters.WithToken("s3cr3t"), reporters.WithTenant("team-a")).Report(context.Background(), e))
	got := f.of(e.ID)
	metrics := map[string]string{}
	for file, uploads := range got {
		require.Len(t, uploads, 1)
		metrics[file] = uploads[0].kind
		require.Equal(t, "shop", uploads[0].service)
		for i := range e.Profiles {
			if p := &e.Profiles[i]; p.File == file {
				require.Equal(t, content(t, p), uploads[0].body, "as it was")
				require.True(t, p.Start.Equal(uploads[0].created))
			}
		}
	}
	require.Equal(t, map[string]string{
		"cpu.pb.gz": "process_cpu", "heap.pb.gz": "memory", "heap-gc.pb.gz": "memory", "goroutine.pb.gz": "goroutines",
		"mutex.pb.gz": "mutex", "block.pb.gz": "block", "locks.pb.gz": "",
	}, metrics)
	require.Equal(t, map[string]string{
		"event": e.ID, "file": "cpu.pb.gz", "reason": "diff", "instance": "pod-7", "version": "v1.2.3+dirty",
		"node": "a=b_ c%2C_d_", "team_name": "köln",
	}, got["cpu.pb.gz"][0].labels)
	require.Equal(t, "Bearer s3cr3t", f.headers[0].Get("Authorization"))
	require.Equal(t, "team-a", f.headers[0].Get("X-Scope-OrgID"))
}

// The smallest samples go, the total stays.
func TestPyroscopeCutsWhatIsTooLarge(t *testing.T) {
	f := newFakePyroscope(t)
	large := pprofOf(time.Now().Add(-time.Minute), 10*time.Second, 20_000, "samples/count", "cpu/nanoseconds")
	total := func(p *profile.Profile) (sum int64) {
		for _, s := range p.Sample {
			sum += s.Value[1]
		}
		return sum
	}
	raw := encoded(t, large)
	e := one(raw)
	require.NoError(t, newPyroscope(t, f.URL).Report(context.Background(), e))
	got := parsed(t, f.of(e.ID)["one.pb.gz"])
	require.Len(t, got.Sample, 16_000)
	require.Equal(t, total(large), total(got))
	require.Equal(t, large.TimeNanos, got.TimeNanos)
	require.Equal(t, "other", got.Sample[len(got.Sample)-1].Location[0].Line[0].Function.Name)

	f.bytes = 100_000
	e = one(raw)
	require.NoError(t, newPyroscope(t, f.URL, reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Bytes: 100_000})).Report(context.Background(), e))
	got = parsed(t, f.of(e.ID)["one.pb.gz"])
	require.Equal(t, total(large), total(got))
	require.Greater(t, len(got.Sample), 1000)

	f.bytes, f.samples = 0, 0
	e = one(raw)
	none := reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Bytes: -1, Samples: -1})
	require.NoError(t, newPyroscope(t, f.URL, none).Report(context.Background(), e))
	require.Len(t, parsed(t, f.of(e.ID)["one.pb.gz"]).Sample, 20_000)
}

// A profile that can be made to fit in no way does not keep the others back.
func TestPyroscopeReportsWhatCannotBeCut(t *testing.T) {
	f := newFakePyroscope(t)
	e := recent(t)
	limits := reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Bytes: 100})
	err := newPyroscope(t, f.URL, limits).Report(context.Background(), e)
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "cpu.pb.gz")
	require.ErrorContains(t, err, "does not fit")
}

// A receiver that was away for two hours gets what happened meanwhile, at the
// oldest time that it takes.
func TestPyroscopeMovesWhatIsTooOld(t *testing.T) {
	f := newFakePyroscope(t)
	taken := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	for name, start := range map[string]time.Time{"by the profile's time": taken, "by the event's, where the profile has none": {}} {
		e := one(encoded(t, pprofOf(start, 10*time.Second, 3, "cpu/nanoseconds")))
		e.Profiles[0].Start, e.At = taken, taken.Add(time.Second)
		require.NoError(t, newPyroscope(t, f.URL).Report(context.Background(), e), name)
		u := f.of(e.ID)["one.pb.gz"]
		require.Equal(t, taken.UTC().Format(time.RFC3339), u[0].labels["taken"], name)
		require.Less(t, time.Since(u[0].created), time.Hour, name)
		require.Greater(t, time.Since(u[0].created), 50*time.Minute, "no more than it must")
		require.Len(t, parsed(t, u).Sample, 3)
	}
	// A server may take older ones.
	f.age = 0
	e := one(encoded(t, pprofOf(taken, 10*time.Second, 3, "cpu/nanoseconds")))
	require.NoError(t, newPyroscope(t, f.URL, reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Age: -1})).Report(context.Background(), e))
	require.True(t, taken.Equal(f.of(e.ID)["one.pb.gz"][0].created))
	require.NotContains(t, f.of(e.ID)["one.pb.gz"][0].labels, "taken")
}

// The two meanings of 422.
func TestPyroscopeJudges422(t *testing.T) {
	f := newFakePyroscope(t)
	e := recent(t)
	r := newPyroscope(t, f.URL)
	f.fails = func(upload) (int, string) { return 422, strings.Repeat("pushing failed ", 40) + "code = unavailable" }
	err := r.Report(context.Background(), e)
	require.ErrorContains(t, err, "answered 422")
	require.False(t, holmes.IsPermanent(err))
	f.fails = func(u upload) (int, string) {
		if u.labels["file"] == "cpu.pb.gz" {
			return 422, "failed to convert profile"
		}
		return 0, ""
	}
	err = r.Report(context.Background(), e)
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "failed to convert profile")
	require.Len(t, f.of(e.ID), 6, "the others are there")
}

// A profile that cannot be read is sent unchanged: the server refuses it.
func TestPyroscopeSendsJunkAsItIs(t *testing.T) {
	f := newFakePyroscope(t)
	e := recent(t)
	e.Profiles = append(e.Profiles, holmes.MemoryProfile("heap", "junk.pb.gz", []byte("junk")))
	err := newPyroscope(t, f.URL).Report(context.Background(), e)
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "answered 422")
	require.ErrorContains(t, err, "junk.pb.gz")
	require.Len(t, f.of(e.ID), 7)
}

func TestPyroscopeGoesOnWhereItStopped(t *testing.T) {
	f := newFakePyroscope(t)
	down := true
	f.fails = func(u upload) (int, string) {
		if down && u.labels["file"] == "goroutine.pb.gz" {
			return http.StatusTooManyRequests, "slow down"
		}
		return 0, ""
	}
	r, e := newPyroscope(t, f.URL), recent(t)
	require.ErrorContains(t, r.Report(context.Background(), e), "429")
	down = false
	require.NoError(t, r.Report(context.Background(), e))
	require.NoError(t, r.Report(context.Background(), e))
	got := f.of(e.ID)
	require.Len(t, got, 7)
	for file, uploads := range got {
		require.Len(t, uploads, 1, file)
	}
}

// Labels that the server would refuse, take apart or take for its own.
func TestPyroscopeLabels(t *testing.T) {
	f := newFakePyroscope(t)
	e := one(encoded(t, pprofOf(time.Now(), time.Second, 1, "cpu/nanoseconds")))
	e.Labels = map[string]string{
		"service": "shöp & co/cart-v2.1", "a-b": "1", "a_b": "2", "9lives": "3", "__name__": "4", "service_name": "5",
		"empty": "", "blank": " \n\t", "brackets": "{x},y=z", "bad\xff": "6\xff", "": "7", "ünï": "8", "long": strings.Repeat("ä", 3000),
		"dotted.name": "9", "pyroscope_spy": "10",
	}
	require.NoError(t, newPyroscope(t, f.URL).Report(context.Background(), e))
	u := f.of(e.ID)["one.pb.gz"][0]
	require.Equal(t, "sh_p___co/cart-v2.1", u.service)
	require.LessOrEqual(t, len(u.labels["long"]), 2048)
	delete(u.labels, "long")
	require.Equal(t, map[string]string{
		"event": e.ID, "file": "one.pb.gz", "reason": "diff",
		"a_b": "1", "_9lives": "3", "_name__": "4", "label_service_name": "5", "brackets": "_x__y=z", "bad_": "6\uFFFD",
		"_n_": "8", "dotted_name": "9", "label_pyroscope_spy": "10",
	}, u.labels)
}

// Of too many labels the important ones stay.
func TestPyroscopeManyLabels(t *testing.T) {
	f := newFakePyroscope(t)
	e := one(encoded(t, pprofOf(time.Now(), time.Second, 1, "cpu/nanoseconds")))
	for i := range 100 {
		e.Labels[fmt.Sprintf("a%02d", i)] = "x"
	}
	e.Labels["instance"], e.Labels["version"] = "pod-7", "v1"
	require.NoError(t, newPyroscope(t, f.URL).Report(context.Background(), e))
	u := f.of(e.ID)["one.pb.gz"][0]
	require.Len(t, u.labels, 26)
	require.Equal(t, "pod-7", u.labels["instance"])
	require.Equal(t, "v1", u.labels["version"])
	require.Contains(t, u.labels, "a20")
	require.NotContains(t, u.labels, "a21")
}

// Goroutine labels may hold anything, such as a binary digest. The profile arrives
// with its other labels as they were.
func TestPyroscopeGetsText(t *testing.T) {
	for name, long := range map[string]string{"short": "", "longer than a buffer": strings.Repeat("x", 5000)} {
		t.Run(name, func(t *testing.T) {
			f := newFakePyroscope(t)
			p := pprofOf(time.Now().Add(-time.Minute), 10*time.Second, 10, "samples/count", "cpu/nanoseconds")
			p.Sample[0].Label = map[string][]string{"sql": {"\xd6\x14P\x8c.\xa7ü" + long}, "region": {"eu"}}
			e := one(encoded(t, p))
			e.Labels = map[string]string{"digest": "\xff\xfe", "\xff": "x"}
			require.NoError(t, newPyroscope(t, f.URL).Report(context.Background(), e))
			got := parsed(t, f.of(e.ID)["one.pb.gz"])
			require.Equal(t, []string{"?\x14P?.?ü" + long}, got.Sample[0].Label["sql"])
			require.Equal(t, []string{"eu"}, got.Sample[0].Label["region"])
			require.Len(t, got.Sample, 10)
		})
	}
}

// Profiles of the timetable have no end, so none may begin a series of its own: not
// after an outage either, but for one an hour.
func TestPyroscopeTimetableIsOneSeries(t *testing.T) {
	f := newFakePyroscope(t)
	r := newPyroscope(t, f.URL)
	now, model := time.Now(), recent(t)
	series := func(at ...time.Time) map[string]int {
		f.uploads = nil
		for i, start := range at {
			e := new(*model)
			e.ID, e.Trigger.Reason.Code = fmt.Sprint("event-", start.Unix()), holmes.CodeContinuous
			e.Profiles = []holmes.Profile{holmes.MemoryProfile("cpu", fmt.Sprintf("cpu-%d.pb.gz", i),
				encoded(t, pprofOf(start, 10*time.Second, 3, "samples/count", "cpu/nanoseconds")))}
			require.NoError(t, r.Report(context.Background(), e))
		}
		out := map[string]int{}
		for _, u := range f.uploads {
			out[u.service+fmt.Sprint(u.labels)]++
		}
		return out
	}
	var recently, outage []time.Time
	for i := range 60 {
		recently = append(recently, now.Add(-time.Duration(i)*30*time.Second))
		outage = append(outage, now.Truncate(time.Hour).Add(-3*time.Hour+time.Duration(i)*time.Minute))
	}
	got := series(recently...)
	require.Len(t, got, 1)
	for name, n := range got {
		require.Equal(t, 60, n)
		require.Contains(t, name, "reason:continuous")
		require.Contains(t, name, "instance:pod-7")
	}
	require.Len(t, series(outage...), 1)
}
