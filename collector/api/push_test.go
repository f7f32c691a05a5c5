package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/protowire"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
)

const pushPath = "/push.v1.PusherService/Push"

// A pushSeries is a series of a request to Push; labels are names and values.
type pushSeries struct {
	labels  []string
	samples []pushSample
}

type pushSample struct {
	id  string
	raw []byte
}

// series returns one of a single sample.
func series(id string, raw []byte, labels ...string) pushSeries {
	return pushSeries{labels, []pushSample{{id, raw}}}
}

// protoOf is a request as encoders of protocol buffers write it.
func protoOf(all ...pushSeries) []byte {
	var m []byte
	for _, s := range all {
		var one []byte
		for i := 0; i < len(s.labels); i += 2 {
			label := protowire.AppendBytes(nil, 1, []byte(s.labels[i]))
			one = protowire.AppendBytes(one, 1, protowire.AppendBytes(label, 2, []byte(s.labels[i+1])))
		}
		for _, sample := range s.samples {
			raw := protowire.AppendBytes(nil, 1, sample.raw)
			if sample.id != "" {
				raw = protowire.AppendBytes(raw, 2, []byte(sample.id))
			}
			one = protowire.AppendBytes(one, 2, raw)
		}
		m = protowire.AppendBytes(m, 1, one)
	}
	return m
}

// jsonOf is a request as the documents of Pyroscope have it.
func jsonOf(t *testing.T, all ...pushSeries) []byte {
	t.Helper()
	type object = map[string]any
	list := []object{}
	for _, s := range all {
		labels, samples := []object{}, []object{}
		for i := 0; i < len(s.labels); i += 2 {
			labels = append(labels, object{"name": s.labels[i], "value": s.labels[i+1]})
		}
		for _, sample := range s.samples {
			samples = append(samples, object{"ID": sample.id, "rawProfile": base64.StdEncoding.EncodeToString(sample.raw)})
		}
		list = append(list, object{"labels": labels, "samples": samples})
	}
	raw, err := json.Marshal(object{"series": list})
	require.NoError(t, err)
	return raw
}

func zipped(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// push sends a request in protocol buffers.
func (w *world) push(all ...pushSeries) answer {
	w.t.Helper()
	return w.post(pushPath, protoOf(all...), "Content-Type", "application/proto")
}

// metas are the stored profiles of a search.
func (w *world) metas(q collector.Query) (all []collector.Meta) {
	w.t.Helper()
	for m, err := range w.store.Find(w.t.Context(), q) {
		require.NoError(w.t, err)
		all = append(all, m)
	}
	return all
}

// Every answer of Push, and the searches afterwards.
func TestPushOnTheWire(t *testing.T) {
	w := newWorld(t)
	tr := &transcript{ids: map[string]string{}}
	cpu, none := profileOf(t, "cpu", taken()), time.Time{}
	post := func(title string, body []byte, headers ...string) {
		t.Helper()
		tr.record(title, "POST "+pushPath+" "+strings.Join(headers, " "), w.post(pushPath, body, headers...))
	}
	proto := func(title string, all ...pushSeries) {
		t.Helper()
		post(title, protoOf(all...), "Content-Type", "application/proto")
	}
	text := func(title, body string) {
		t.Helper()
		post(title, []byte(body), "Content-Type", "application/json")
	}
	proto("one profile", series("id-1", cpu, "__name__", "process_cpu", "service_name", "one", "region", "eu"))
	post("the same compressed, and a profile that is not", zipped(t, protoOf(series("id-2", gunzip(t, cpu), "service_name", "zipped"))),
		"Content-Type", "application/proto", "Content-Encoding", "gzip")
	post("JSON", jsonOf(t, series("id-3", cpu, "service_name", "json")), "Content-Type", "application/json; charset=utf-8")
	post("JSON, compressed", zipped(t, jsonOf(t, series("id-4", cpu, "service_name", "json-zipped"))), "Content-Type", "application/json", "Content-Encoding", "GZIP")
	proto("several", series("", cpu, "service_name", "several"), pushSeries{[]string{"service_name", "several", "n", "2"}, []pushSample{
		{"a", profileOf(t, "heap", none)}, {"b", profileOf(t, "goroutine", none)},
	}})
	proto("contentions", series("", profileOf(t, "contention", taken()), "__name__", "mutex", "service_name", "mutex"),
		series("", profileOf(t, "contention", taken()), "__name__", "block", "service_name", "block"),
		series("", profileOf(t, "contention", taken()), "__name__", "godeltaprof_block", "service_name", "delta"))
	proto("unknown values", series("", profileOf(t, "custom", taken()), "__name__", "wall", "service_name", "fish"))
	text("labels last", `{"series":[{"samples":[{"rawProfile":"`+base64.URLEncoding.EncodeToString(cpu)+`"}],"labels":[{"name":"service_name","value":"last"}]}]}`)
	kept := w.store.Usage().Uploads

	proto("no series")
	proto("no samples", pushSeries{[]string{"service_name", "a"}, nil})
	proto("no profile in the sample", series("id", nil, "service_name", "a"))
	text("null for a profile", `{"series":[{"labels":[{"name":"service_name","value":"a"}],"samples":[{"rawProfile":null}]}]}`)
	proto("no service", series("", cpu, "__name__", "process_cpu"))
	proto("no labels", series("", cpu))
	proto("a label with two values", series("", cpu, "service_name", "a", "x", "1", "x", "2"))
	proto("a label that is not printable", series("", cpu, "service_name", "a", "x", "\x00"))
	proto("a label that is not UTF-8", series("", cpu, "service_name", "a", "x", "\xff"))
	proto("a label without a name", series("", cpu, "service_name", "a", "", "x"))
	proto("no profile", series("", []byte("this is not a profile"), "service_name", "a"))
	proto("a trace", series("", trace(), "service_name", "a"))
	proto("a profile that is cut off", series("", cpu[:len(cpu)-9], "service_name", "a"))
	text("no base64", `{"series":[{"labels":[{"name":"service_name","value":"a"}],"samples":[{"rawProfile":"?"}]}]}`)
	post("cut off", protoOf(series("", cpu, "service_name", "a"))[:100], "Content-Type", "application/proto")
	post("cut off in gzip", zipped(t, protoOf(series("", cpu, "service_name", "a")))[:30], "Content-Type", "application/proto", "Content-Encoding", "gzip")
	post("no gzip behind its first bytes", []byte("\x1f\x8bxxxxxxxxxxxxxxxxxxxxxxx"), "Content-Type", "application/proto", "Content-Encoding", "gzip")
	post("JSON for protocol buffers", []byte(`{"series":[]}`), "Content-Type", "application/proto")
	text("protocol buffers for JSON", "\n\x00")
	text("JSON that ends early", `{"series":[`)
	post("no type", cpu)
	post("gRPC", cpu, "Content-Type", "application/grpc+proto")
	post("another compression", cpu, "Content-Type", "application/proto", "Content-Encoding", "zstd")
	tr.record("another method", "GET "+pushPath, w.get(pushPath))

	require.Equal(t, kept, w.store.Usage().Uploads, "what is refused is not stored")
	for i, m := range w.metas(collector.Query{}) {
		tr.ids[m.ID] = fmt.Sprintf("<%s-%s %d>", m.Service, m.Kind, i)
	}
	tr.record("what was kept", "GET /api/1/profiles", w.get("/api/1/profiles"))
	golden(t, "push.golden", tr.String())
}

// Labels are mapped as those of /ingest are.
func TestPushLabels(t *testing.T) {
	w := newWorld(t)
	for i, tt := range []struct {
		labels []string
		want   string
	}{
		{[]string{"service_name", " s "}, ""},
		{[]string{"service_name", "s", "__name__", "process_cpu", "__delta__", "false", "__session_id__", "1f"}, ""},
		{[]string{"service_name", "s", "a", "b", "empty", "", "c", "d"}, "a=b,c=d"},
		{[]string{"service_name", "s", "a", "b", "a", "b"}, "a=b"},
		{[]string{"otel.scope.name", "com.grafana.pyroscope/rust", "service_name", "s"}, "otel.scope.name=com.grafana.pyroscope%2Frust"},
		{[]string{"app.kubernetes.io/name", "x,y=z", "service_name", "s"}, "app.kubernetes.io%2Fname=x%2Cy%3Dz"},
		{[]string{"ort", "Zürich", "service_name", "s"}, "ort=Z%C3%BCrich"},
	} {
		at := taken().Add(time.Duration(i) * time.Hour)
		a := w.push(series("", profileOf(t, "cpu", at), tt.labels...))
		require.Equal(t, http.StatusOK, a.status, "%v: %s", tt.labels, a.body)
		stored := w.metas(collector.Query{From: at, To: at.Add(time.Minute)})
		require.Len(t, stored, 1)
		require.Equal(t, "s", stored[0].Service)
		require.Equal(t, tt.want, stored[0].Labels.String())
		require.Equal(t, at, stored[0].CreatedAt)
		require.Equal(t, 10*time.Second, stored[0].Duration)
	}
	for _, labels := range [][]string{
		{"service_name", strings.Repeat("s", collector.MaxName+1)},
		{"service_name", "s", strings.Repeat("n", 1<<16), "v"},
		{"service_name", "s", "n", strings.Repeat("v", 1<<16)},
		append(manyLabels(collector.MaxLabels+1), "service_name", "s"),
		append(manyLabels(10_000), "service_name", "s"),
	} {
		a := w.push(series("", profileOf(t, "cpu", taken()), labels...))
		require.Equal(t, http.StatusBadRequest, a.status, "%.100v: %s", labels, a.body)
		require.Less(t, len(a.body), 1000)
	}
}

func manyLabels(n int) (labels []string) {
	for i := range n {
		labels = append(labels, fmt.Sprint("n", i), "v")
	}
	return labels
}

// A sample that is sent again is stored once, in whatever form it comes again.
func TestPushIsIdempotent(t *testing.T) {
	w := newWorld(t)
	cpu := profileOf(t, "cpu", taken())
	s := series("734FD599-6865-419E-9475-932762D8F469", cpu, "service_name", "shop", "region", "eu", "__name__", "process_cpu")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if a := w.push(s); a.status != http.StatusOK {
				t.Errorf("%d: %s", a.status, a.body)
			}
		})
	}
	all.Wait()
	again := func(s pushSeries, stored int, why string) {
		t.Helper()
		require.Equal(t, http.StatusOK, w.push(s).status)
		require.Equal(t, stored, w.store.Usage().Uploads, why)
	}
	again(s, 1, "the same")
	a := w.post(pushPath, jsonOf(t, s), "Content-Type", "application/json")
	require.Equal(t, http.StatusOK, a.status)
	again(series(s.samples[0].id, zipped(t, gunzip(t, cpu)), s.labels...), 1, "compressed in another way")
	again(series(s.samples[0].id, gunzip(t, cpu), s.labels...), 1, "not compressed")
	again(pushSeries{s.labels, append(s.samples, s.samples...)}, 1, "twice in one request")

	// Clients send the ID of the protocol's examples with every profile.
	again(series(s.samples[0].id, profileOf(t, "cpu", taken().Add(time.Minute)), s.labels...), 2, "the next profile")
	again(series(s.samples[0].id, cpu, "service_name", "shop", "region", "us", "__name__", "process_cpu"), 3, "other labels")
	again(series("other", cpu, s.labels...), 4, "another ID")

	// Agents that send no IDs.
	again(series("", cpu, s.labels...), 5, "no ID")
	again(series("", cpu, s.labels...), 5, "no ID, again")
	idle := profileOf(t, "goroutine", time.Time{})
	again(series("", idle, s.labels...), 6, "no ID and no time")
	again(series("", idle, s.labels...), 7, "no ID and no time: an idle process has the same profile again and again")
	again(series("id", idle, s.labels...), 8, "an ID and no time")
	again(series("id", idle, s.labels...), 8, "an ID and no time, again")
}

// Of a request the good profiles are stored, and the error says which are not.
func TestPushInPart(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.ProfileBytes = 64 << 10 })
	cpu, bad, large := profileOf(t, "cpu", taken()), []byte("this is some text"), largeProfile(t, 200<<10)
	good := []string{"service_name", "good"}
	a := w.push(pushSeries{good, []pushSample{{"1", cpu}, {"2", bad}}}, series("3", cpu, "region", "eu"),
		pushSeries{good, []pushSample{{"4", large}, {"5", cpu}, {"6", bad}, {"7", bad}}})
	require.Equal(t, http.StatusBadRequest, a.status)
	require.JSONEq(t, `{"code":"invalid_argument","message":"5 of 7 profiles refused, the others stored: series 1, sample 2: not a profile: text that begins with \"this is some text\"; the binary form is needed (debug=0); `+
		`series 2, sample 1: label service_name is missing; series 3, sample 1: the profile is larger than 65536 bytes; and 2 more"}`, a.body)
	require.Equal(t, 2, w.store.Usage().Uploads)

	a = w.push(pushSeries{good, []pushSample{{"8", large}, {"9", cpu}}})
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	require.Contains(t, a.body, "1 of 2 profiles refused")
	require.Equal(t, 3, w.store.Usage().Uploads)

	// What is stored before the request breaks stays, and comes again by its ID.
	body := protoOf(series("10", cpu, good...), series("11", cpu, good...))
	a = w.post(pushPath, body[:len(body)-5], "Content-Type", "application/proto")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "1 profiles are stored, then: the body ended early")
	require.Equal(t, 4, w.store.Usage().Uploads)
	require.Equal(t, http.StatusOK, w.post(pushPath, body, "Content-Type", "application/proto").status)
	require.Equal(t, 5, w.store.Usage().Uploads)
}

// Hostile profiles of every shape are refused inside a request, too, in any form.
func TestHostilePushes(t *testing.T) {
	w := newWorld(t)
	n := 0
	before := mapped()
	for name, raw := range proftest.Hostile(t) {
		if n++; n%raceFactor != 0 {
			continue
		}
		s := series("", raw, "service_name", "s")
		for form, a := range map[string]answer{
			"proto":      w.push(s),
			"proto, zip": w.post(pushPath, zipped(t, protoOf(s)), "Content-Type", "application/proto", "Content-Encoding", "gzip"),
			"JSON":       w.post(pushPath, jsonOf(t, s), "Content-Type", "application/json"),
		} {
			require.Contains(t, []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge}, a.status, "%s in %s: %s", name, form, a.body)
			require.Contains(t, a.body, `"code":"invalid_argument"`)
		}
	}
	require.LessOrEqual(t, mapped()-before, uint64(512<<20))
	require.Zero(t, w.store.Usage())
}

// Requests have bounds of their own.
func TestPushIsBounded(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.EventBytes = 4 << 20 })
	post := func(body []byte, headers ...string) answer {
		t.Helper()
		return w.post(pushPath, body, append(headers, "Content-Type", "application/proto")...)
	}
	skipped := protowire.AppendBytes(nil, 9, make([]byte, 5<<20))
	a := post(skipped)
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	require.Contains(t, a.body, "the body is larger than 4194304 bytes")
	a = post(zipped(t, skipped), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	require.Contains(t, a.body, "the request inflates to more than")
	a = post(proftest.EmptyBlocks(1<<17), "Content-Encoding", "gzip")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "the request: gzip that inflates to less than its size")

	labels := []string{"service_name", "s"}
	a = w.push(pushSeries{labels, make([]pushSample, 1001)})
	require.Equal(t, http.StatusRequestEntityTooLarge, a.status)
	require.Contains(t, a.body, "more than 1000 profiles in one request")
	first := `{"series":[{"samples":[` + strings.Repeat(`{},`, 4) + `{}],"labels":[{"name":"service_name","value":"s"}]}]}`
	a = w.post(pushPath, []byte(first), "Content-Type", "application/json")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "series 1 has more than 4 samples before its labels")
	between := `{"series":[{"labels":[{"name":"service_name","value":"s"}],"samples":[{"ID":"x"}],"labels":[{"name":"a","value":"b"}]}]}`
	a = w.post(pushPath, []byte(between), "Content-Type", "application/json")
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "series 1 has labels before and after its samples")
	require.Zero(t, w.store.Usage())
}

// A client that stops sending within a profile is cut off as on every route, and
// nothing of the request is left.
func TestSlowPush(t *testing.T) {
	w := newWorld(t, func(c *api.Config) { c.Limits.Idle, c.Limits.Rate = 50*time.Millisecond, 1 })
	body := protoOf(series("", profileOf(t, "cpu", taken()), "service_name", "s"))
	conn := w.dial()
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: %d\r\n\r\n%s",
		pushPath, len(body), body[:len(body)-10])
	require.NoError(t, err)
	raw, err := io.ReadAll(conn) // until the server closes it
	require.NoError(t, err)
	require.Contains(t, string(raw), "408 Request Timeout")
	require.Contains(t, string(raw), `{"code":"deadline_exceeded","message":"the request took too long"}`)
	require.Zero(t, w.store.Usage())
}
