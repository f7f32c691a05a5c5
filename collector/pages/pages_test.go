package pages_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/pages"
)

const (
	cpuEvent  = "20260504T030201.000000000Z-cpu-a1"
	evilEvent = "20260504T030202.000000000Z-cpu-a2"
)

// furnished is a world with profiles and events of all kinds.
func furnished(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	cpu := w.bytes(profileOf(collector.KindCPU, map[string]int64{"main.work": 9e9, "main.rest": 1e9, evil: 2e9}))
	w.putEvent(eventOf(cpuEvent, "shop", "cpu", `,"profiles":[
{"kind":"cpu","file":"cpu.pb.gz","start":"2026-05-04T03:02:02Z","duration_seconds":15,"note":"after a while"},
{"kind":"trace","file":"trace.out","start":"2026-05-04T03:02:02Z"},{"kind":"heap","note":"too costly `+"<b>"+`"}]`),
		map[string][]byte{"cpu.pb.gz": cpu, "trace.out": []byte("go 1.26 trace\x00\x00\x00")})
	for n, version := range []string{"1.0", "1.0", "2.0"} {
		w.put(collector.Meta{
			Service: "shop", Kind: collector.KindCPU, Duration: 10 * time.Second, CreatedAt: at().Add(time.Duration(n-5) * time.Minute),
			Labels: collector.Labels{{Key: "instance", Value: "pod-1"}, {Key: "version", Value: version}},
		}, profileOf(collector.KindCPU, map[string]int64{"main.work": 1e9, "main.rest": 1e9, "main.new" + version: 5e8}))
	}
	w.put(collector.Meta{Service: "till", Kind: collector.KindHeap}, profileOf(collector.KindHeap, map[string]int64{"main.keep": 5 << 20}))
	return w
}

func TestHome(t *testing.T) {
	w := newWorld(t)
	require.Contains(t, w.page("/"), "There are no uploads yet")
	w = furnished(t)
	page := w.page("/")
	require.Contains(t, page, `<strong>shop</strong>`)
	require.Contains(t, page, `<strong>till</strong>`)
	require.Contains(t, page, "CPU 61 % for 15 s: main.work (work.go:7) took 90 % of the extra CPU")
	require.Contains(t, page, `href="/events/`+cpuEvent+`"`)
	require.Contains(t, page, "1 h ago")
}

func TestTimeline(t *testing.T) {
	w := furnished(t)
	for query, found := range map[string]bool{
		"": true, "?service=shop": true, "?service=till": false, "?signal=cpu&state=confirmed&reason=diff": true, "?signal=mem": false,
		"?culprit=main.work": true, "?culprit=main.rest": false, "?labels=version%3D1.2.3": true, "?labels=version%3D2": false,
		"?from=-2h": true, "?from=-10m": false, "?from=2026-05-04&to=2026-05-05": true, "?from=2h": true, "?from=now-2h&to=now": true, "?to=now-2h": false,
		"?from=2026-05-04T03:02:01&to=2026-05-04T03:02:01": true, "?to=2026-05-04T03:02:00.9": false, "?to=2026-05-04T03:02": false, "?state=unconfirmed": false,
	} {
		require.Equal(t, found, strings.Contains(w.page("/events"+query), `href="/events/`+cpuEvent+`"`), query)
	}
	require.Contains(t, w.page("/events?signal=fish&from=-2h"), `<option selected>fish</option>`)
	require.Contains(t, w.page("/events"), "Monday, 4 May 2026")
	for query, reason := range map[string]string{
		"?from=soon": "&#34;soon&#34; is neither a time", "?labels=%25zz": "escape", "?from=2026-05-05&to=2026-05-04": "is after to",
	} {
		rec := w.get("/events" + query)
		require.Equal(t, http.StatusBadRequest, rec.Code)
		require.Contains(t, rec.Body.String(), reason)
	}
}

// requireAll follows the links to older results, which show each of them once.
func (w *world) requireAll(total int, first, link string) {
	w.t.Helper()
	seen := map[string]int{}
	links, older := regexp.MustCompile(link), regexp.MustCompile(`rel="next" href="([^"]+)"`)
	for next := first; next != ""; {
		page := w.page(next)
		for _, m := range links.FindAllStringSubmatch(page, -1) {
			seen[m[1]]++
		}
		next = ""
		if m := older.FindStringSubmatch(page); m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	require.Len(w.t, seen, total)
	for id, n := range seen {
		require.Equal(w.t, 1, n, id)
	}
}

// Results of the same second are neither left out nor shown twice.
func TestListsArePaged(t *testing.T) {
	w := newWorld(t)
	const total = 230
	for n := range total {
		when := at().Add(time.Duration(n/150) * time.Second).Format(time.RFC3339)
		w.putEvent(strings.Replace(eventOf(fmt.Sprintf("e%d", n*7919%total), "shop", "cpu", ""), "2026-05-04T03:02:01Z", when, 1), nil)
		w.put(collector.Meta{Service: "shop", Kind: collector.KindHeap, CreatedAt: at()}, profileOf(collector.KindHeap, map[string]int64{"main.keep": 1}))
	}
	w.requireAll(total, "/events?service=shop&to=2026-05-04T03:02:02", `class="sentence" href="([^"]+)"`)
	w.requireAll(total, "/profiles?service=shop&from=2026-05-04T03:02:01", `href="/api/0/profiles/([^"]+)"`)
	require.Equal(t, http.StatusBadRequest, w.get("/events?after=x").Code)
}

// The events of one service hide no other's on the first page.
func TestHomeShowsEachService(t *testing.T) {
	w := newWorld(t)
	w.putEvent(eventOf("p1", "payments", "mem", ""), nil)
	for n := range 550 {
		w.putEvent(strings.Replace(eventOf(fmt.Sprintf("n%d", n), "noisy", "cpu", ""), "03:02:01Z", "04:02:01Z", 1), nil)
	}
	page := w.page("/")
	require.Contains(t, page, `href="/events/p1"`)
	require.Contains(t, page, `<td class="n" data-label="Events">over 100</td>`)
	require.Contains(t, page, `<td class="n" data-label="Events">1</td>`)
}

func TestEvent(t *testing.T) {
	w := furnished(t)
	page := w.page("/events/" + cpuEvent)
	for _, part := range []string{
		"CPU 61 % for 15 s</h1>", "main.work (work.go:7) took 90 % of the extra CPU", "held 15 s", "<polyline", "work.go:7", "9.1", "90 %",
		"after a while", "too costly &lt;b&gt;", "go tool trace", `href="/api/1/events/` + cpuEvent + `/trace.out"`,
		`href="/api/1/events/` + cpuEvent + `/cpu.pb.gz"`, "<svg xmlns=", `class="o0 hit"`, "rss</dt><dd>1 MiB", "cgroup memory 1 usage</dt><dd>1 KiB",
		"Open in pprof", "this instance in the 24 h before", "instance=pod-1", "holmes 1.0",
	} {
		require.Contains(t, page, part)
	}
	require.Equal(t, http.StatusNotFound, w.get("/events/nobody").Code)
}

// An event is shown also if its files cannot be drawn or fields are missing.
func TestPoorEvents(t *testing.T) {
	w := newWorld(t)
	w.putEvent(`{"id":"bare","at":"2026-05-04T03:02:01Z","trigger":{"signal":"fish"},"labels":{"service":"shop"}}`, nil)
	require.Contains(t, w.page("/events/bare"), "fish 0")
	w.putEvent(`{"id":"broken","at":"2026-05-04T03:02:01Z","trigger":{"signal":"mem","held_seconds":"long","window":[1,1e308,-1e308]},"labels":{"service":"shop"},
"readings":[1,"<b>",{"x":null,"y":true,"percent":3}],"cost":7,
"profiles":[{"kind":"heap","file":"heap.pb.gz"}]}`, map[string][]byte{"heap.pb.gz": []byte("\x1f\x8bno profile")})
	page := w.page("/events/broken")
	require.Contains(t, page, "The profile cannot be drawn.")
	require.Contains(t, page, "&lt;b&gt;")
	require.NotContains(t, page, "<polyline")
	w.putEvent(`{"id":"many","at":"2026-05-04T03:02:01Z","trigger":{"signal":"mem"},"labels":{"service":"shop"},
"readings":[`+strings.Repeat("[1],", 5000)+`1]}`, nil)
	require.Less(t, len(w.page("/events/many")), 60_000)
}

func TestProfiles(t *testing.T) {
	w := furnished(t)
	page := w.page("/profiles?service=shop&type=cpu")
	require.Equal(t, 4, strings.Count(page, ">download</a>"))
	require.Contains(t, page, "All together:")
	require.Contains(t, page, `of <a href="/events/`+cpuEvent+`">`)
	require.NotContains(t, w.page("/profiles"), "All together:") // of different kinds
	require.Contains(t, w.page("/profiles?service=nobody"), "No profile was found")
	require.Equal(t, http.StatusBadRequest, w.get("/profiles?type=fish").Code)
}

func TestFlame(t *testing.T) {
	w := furnished(t)
	page := w.page("/flame?event=" + cpuEvent + "&file=cpu.pb.gz")
	require.Contains(t, page, "cpu: 12 s in all")
	require.Contains(t, page, "main.work\n9 s, 75 %")
	require.Contains(t, page, "cpu.pb.gz of shop")
	page = w.page("/flame?service=shop&type=cpu&labels=version%3D1.0&search=work")
	require.Contains(t, page, "2 profiles, 2026-05-04 02:57:01 to 2026-05-04 02:58:01")
	require.Contains(t, page, "cpu: 5 s in all")
	require.Contains(t, page, `class="o0 hit"`)
	require.Contains(t, page, `value="work"`)
	page = w.page("/flame?event=" + cpuEvent + "&type=cpu&value=samples&focus=main.work")
	require.Contains(t, page, "samples: 9 000 000 000 in all")
	require.NotContains(t, page, "main.rest")
	for query, want := range map[string]int{
		"": 400, "service=shop": 400, "service=nobody&type=cpu": 404, "id=nobody": 404, "type=cpu&value=fish": 400,
		"event=" + cpuEvent + "&file=trace.out": 501, "event=" + cpuEvent + "&file=event.json": 501, "event=x&file=../../../etc/passwd": 404,
	} {
		require.Equal(t, want, w.get("/flame?"+query).Code, query)
	}
}

func TestDifference(t *testing.T) {
	w := furnished(t)
	page := w.page("/flame?service=shop&type=cpu&labels=version%3D2.0&base_service=shop&base_type=cpu&base.labels=version%3D1.0")
	require.Contains(t, page, "scaled by 0.5 to the same time (10s against 20s)")
	require.Contains(t, page, "cpu: 2.5 s before, 2.5 s after: no change")
	require.Contains(t, page, "main.new2.0\n0 ns → 500 ms: +500 ms, new")
	require.Contains(t, page, "main.new1.0\n500 ms → 0 ns: -500 ms, gone")
	page = w.page("/flame?raw=1&service=shop&type=cpu&labels=version%3D2.0&base_service=shop&base_type=cpu&base.labels=version%3D1.0")
	require.Contains(t, page, "cpu: 5 s before, 2.5 s after")
	page = w.page("/top?service=shop&type=cpu&labels=version%3D2.0&base_service=shop&base_type=cpu&base.labels=version%3D1.0")
	require.Contains(t, page, "&#43;500 ms, new")
	require.Less(t, strings.Index(page, "main.new1.0"), strings.Index(page, "main.work")) // what changed most is first
	rec := w.get("/flame?service=shop&type=cpu&base_service=till&base_type=heap")
	require.Equal(t, http.StatusBadRequest, rec.Code)
	require.Contains(t, rec.Body.String(), "the base: value &#34;cpu&#34; is none of")
	rec = w.get("/flame?service=shop&type=cpu&base_service=nobody")
	require.Equal(t, http.StatusNotFound, rec.Code)
	require.Contains(t, rec.Body.String(), "the base: no profile was found: all profiles of nobody")
}

func TestTop(t *testing.T) {
	w := furnished(t)
	page := w.page("/top?event=" + cpuEvent + "&file=cpu.pb.gz")
	require.Less(t, strings.Index(page, "main.work"), strings.Index(page, "main.rest"))
	require.Contains(t, page, "75 %")
	require.NotContains(t, w.page("/top?event="+cpuEvent+"&file=cpu.pb.gz&search=WORK"), "main.rest")
	require.Contains(t, w.page("/top?event="+cpuEvent+"&file=cpu.pb.gz&search=nobody"), "No function was found")
}

func TestCompare(t *testing.T) {
	w := furnished(t)
	page := w.page("/compare?service=shop&type=cpu")
	for _, part := range []string{`name="base_service" value="shop"`, "version</td><td>2.0", "instance</td><td>pod-1", "the fleet in the hour around it"} {
		require.Contains(t, page, part)
	}
	require.Contains(t, w.page("/compare"), "<fieldset>")
}

func TestPicture(t *testing.T) {
	w := furnished(t)
	rec := w.get("/flame.svg?script=1&event=" + cpuEvent + "&file=cpu.pb.gz")
	require.Equal(t, "image/svg+xml", rec.Header().Get("Content-Type"))
	require.Contains(t, rec.Body.String(), "<script>")
	require.Regexp(t, `^default-src 'none'.*style-src 'sha256-.{44}'; script-src 'sha256-.{44}'$`, rec.Header().Get("Content-Security-Policy"))
}

// Heaps of several instances on pages: what the values are is said, can be chosen, and
// is the same in pprof.
func TestHeapOnPages(t *testing.T) {
	w := newWorld(t)
	for n := range 250 {
		w.put(collector.Meta{
			Service: "shop", Kind: collector.KindHeap, CreatedAt: at().Add(-time.Duration(n) * time.Minute),
			Labels: collector.Labels{{Key: "instance", Value: []string{"pod-1", "pod-2"}[n%2]}},
		}, profileOf(collector.KindHeap, map[string]int64{"main.keep": 15 << 20}))
	}
	of := "/flame?service=shop&type=heap"
	page := w.page(of)
	require.Contains(t, page, "inuse_space: 30 MiB in all, mean of each of 2 instances, added up, from 250 snapshots</text>")
	require.Contains(t, page, "250 profiles, 2026-05-03 22:53:01 to 2026-05-04 03:02:01, mean of each")
	require.Contains(t, page, `href="/flame?instances=mean&amp;service=shop&amp;type=heap">one instance</a>`)
	require.Contains(t, page, `href="/flame?over=latest&amp;service=shop&amp;type=heap">latest</a>`)
	require.Contains(t, w.page(of+"&over=latest"), "inuse_space: 30 MiB in all, latest of each of 2 instances, added up, from 250 snapshots</text>")
	require.Contains(t, w.page(of+"&instances=mean"), "inuse_space: 15 MiB in all, mean of one instance, from 250 snapshots of 2 instances</text>")
	require.Contains(t, w.page("/top?service=shop&type=heap"), `<td class="n">30 MiB</td>`)
	require.Equal(t, http.StatusBadRequest, w.get(of+"&over=fish").Code)
	for query, want := range map[string]int64{"": 30 << 20, "&instances=mean": 15 << 20} {
		one, err := profile.ParseData(w.get(w.driverPages("service=shop&type=heap"+query) + "download").Body.Bytes())
		require.NoError(t, err)
		require.Equal(t, want, total(one))
	}
	page = w.page(of + "&labels=instance%3Dpod-1&base_service=shop&base_type=heap")
	require.Contains(t, page, "15 MiB before, 15 MiB after: no change")
	require.Contains(t, page, "scaled by 0.5 to as many instances (1 against 2)")
}

// A profile that could not be read is counted on the page.
func TestMissingOnPages(t *testing.T) {
	w := furnished(t)
	bad := &profile.Profile{SampleType: []*profile.ValueType{{Type: "wall", Unit: "nanoseconds"}}}
	w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU, CreatedAt: at()}, bad)
	page := w.page("/flame?service=shop&type=cpu&labels=")
	require.Contains(t, page, `<small class="warn">1 profile without such values</small>`)
	require.Contains(t, page, "boxes; 1 profile without such values</text>")
}

// Every link of every page leads to a page, and every file that a page loads is
// one of the collector. The usual run follows one link of each path and set of
// parameters.
func TestLinks(t *testing.T) {
	w := furnished(t)
	sameAs := func(link string) string {
		u, err := url.Parse(link)
		require.NoError(t, err)
		if testkit.IsHeavy() {
			return link
		}
		return u.Path + "?" + strings.Join(slices.Sorted(maps.Keys(u.Query())), "&")
	}
	attributes := regexp.MustCompile(` (?:href|src|action|formaction)="([^"]*)"`)
	seen, todo := map[string]bool{}, []string{"/", "/compare?service=shop&type=cpu"}
	for len(todo) > 0 && len(seen) < 400 {
		path := todo[0]
		todo = todo[1:]
		if seen[sameAs(path)] || strings.HasPrefix(path, "/api/") {
			continue
		}
		seen[sameAs(path)] = true
		rec := w.get(path)
		if strings.HasPrefix(path, "/graph.svg") && rec.Code == http.StatusNotImplemented {
			continue // no Graphviz here
		}
		if path == "/flame" || path == "/top" {
			continue // the target of a form
		}
		if strings.Contains(path, "base_") && rec.Code == http.StatusNotFound {
			continue // nothing to compare with
		}
		require.Less(t, rec.Code, 400, "%s: %s", path, rec.Body)
		if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") || strings.HasPrefix(path, "/pprof/") {
			continue
		}
		for _, m := range attributes.FindAllStringSubmatch(rec.Body.String(), -1) {
			u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			require.NoError(t, err)
			require.Empty(t, u.Host, m[1])
			require.True(t, strings.HasPrefix(m[1], "/"), m[1])
			todo = append(todo, u.String())
		}
	}
	require.Greater(t, len(seen), testkit.Heavy(40, 20))
}

// Names are text on every page, and no page has an inline script or style.
func TestNamesOnPages(t *testing.T) {
	w := newWorld(t)
	jsonEvil := strings.ReplaceAll(evil, `"`, `\"`)
	text := strings.NewReplacer("main.work", jsonEvil, "CPU 61 % for 15 s", jsonEvil, "work.go", jsonEvil, "pod-1", jsonEvil, "diff", jsonEvil).
		Replace(eventOf(evilEvent, "SERVICE", "SIGNAL", `,"profiles":[{"kind":"cpu","file":"cpu.pb.gz","note":"`+jsonEvil+`"}]`))
	text = strings.NewReplacer("SERVICE", jsonEvil, "SIGNAL", jsonEvil).Replace(text)
	p := profileOf(collector.KindCPU, map[string]int64{evil: 9e9, "main.rest": 1e9})
	p.Comments, p.DocURL = []string{evil}, "javascript:alert(1)"
	p.SampleType[1].Type = evil
	p.Mapping = []*profile.Mapping{{ID: 1, File: evil, BuildID: evil}}
	w.putEvent(text, map[string][]byte{"cpu.pb.gz": w.bytes(p)})
	q := url.QueryEscape(evil)
	one := "?event=" + evilEvent + "&file=cpu.pb.gz"
	for _, path := range []string{
		"/", "/events", "/events?service=" + q + "&signal=" + q + "&state=" + q + "&culprit=" + q + "&labels=a%3D" + url.QueryEscape(q) + "&from=" + q,
		"/events?signal=" + q, "/events/" + evilEvent, "/profiles?service=" + q, "/profiles?labels=" + q, "/flame" + one + "&search=" + q + "&value=" + q,
		"/flame" + one + "&focus=" + q, "/top" + one, "/flame.svg" + one, "/compare?service=" + q, "/nothing/" + q, "/flame?id=" + q, "/flame?event=" + evilEvent + "&base_service=" + q,
	} {
		rec := w.get(path)
		body := rec.Body.String()
		require.NotContains(t, body, "<script>", path)
		require.NotContains(t, body, "<script>alert", path)
		require.NotContains(t, body, "href=\"javascript:", path)
		require.NotRegexp(t, `<[^>]* (style|on[a-z]+)=`, body, path)
		if !strings.HasPrefix(path, "/flame.svg") {
			require.NotContains(t, body, "<style", path)
			policy := rec.Header().Get("Content-Security-Policy")
			require.Contains(t, policy, "default-src 'none'")
			require.Contains(t, policy, "script-src 'self'")
			require.NotContains(t, policy, "unsafe")
		}
		require.Equal(t, "nosniff", rec.Header().Get("X-Content-Type-Options"))
	}
	require.Contains(t, w.page("/flame"+one), "&lt;script&gt;alert(1)&lt;/script&gt;")
}

func TestNew(t *testing.T) {
	_, err := pages.New(pages.Config{})
	require.ErrorContains(t, err, "needs a Store")
}

// An internal error is passed to Fault and not shown.
func TestFaults(t *testing.T) {
	w := newWorld(t, func(c *pages.Config) {
		c.Fold = func(context.Context, merge.Request) (*merge.Fold, error) { return nil, errors.New("secret path") }
	})
	id := w.put(collector.Meta{Service: "shop", Kind: collector.KindCPU}, profileOf(collector.KindCPU, map[string]int64{"main.a": 1}))
	rec := newRecorder()
	w.pages.ServeHTTP(rec, get(t, "/flame?id="+id))
	require.Equal(t, http.StatusInternalServerError, rec.Code)
	require.NotContains(t, rec.Body.String(), "secret")
	require.ErrorContains(t, w.fault, "secret path")
}
