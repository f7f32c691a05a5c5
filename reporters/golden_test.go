package reporters_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/reporters"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares a text with testdata/<name>.golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err, "run the test with -update")
	require.Equal(t, string(want), got)
}

// wire is a receiver that writes down what it gets, in a form to compare.
type wire struct {
	*httptest.Server
	t      *testing.T
	answer string
	known  map[string][]byte // bodies that are shown by name

	mu       sync.Mutex
	requests []string
	bodies   [][]byte
}

func newWire(t *testing.T, answer string, e *holmes.Event) *wire {
	t.Helper()
	w := &wire{t: t, answer: answer, known: map[string][]byte{}}
	for i := range e.Profiles {
		if p := &e.Profiles[i]; p.Captured() {
			w.known["<"+p.File+">"] = content(t, p)
		}
	}
	raw, err := e.MarshalJSON()
	require.NoError(t, err)
	w.known["<event.json>"] = raw
	w.Server = httptest.NewServer(w)
	t.Cleanup(w.Close)
	return w
}

func content(t *testing.T, p *holmes.Profile) []byte {
	t.Helper()
	in, err := p.Open()
	require.NoError(t, err)
	defer in.Close()
	raw, err := io.ReadAll(in)
	require.NoError(t, err)
	return raw
}

func (w *wire) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies = append(w.bodies, body)
	w.requests = append(w.requests, w.describe(r, body))
	_, _ = io.WriteString(out, w.answer)
}

var boundary = regexp.MustCompile(`boundary=([0-9a-f]+)`)

// describe is the request line, the headers in order, and the body; what differs
// from run to run has a name instead.
func (w *wire) describe(r *http.Request, body []byte) string {
	var head bytes.Buffer
	if r.ContentLength >= 0 {
		r.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	_ = r.Header.Write(&head)
	text := fmt.Sprintf("%s %s\n%s\n", r.Method, r.URL, head.String())
	for name, raw := range w.known {
		body = bytes.ReplaceAll(body, raw, []byte(name))
	}
	text += string(body)
	if m := boundary.FindStringSubmatch(text); m != nil {
		text = strings.ReplaceAll(text, m[1], "B")
	}
	text = strings.ReplaceAll(text, "holmes/"+holmes.Version, "holmes/V")
	return strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + "\n"
}

func (w *wire) all() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.requests, "\n--------\n")
}

// at is when the events of these tests began.
var at = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)

// sampled is a small profile that was begun some time after at.
func sampled(t *testing.T, after, took time.Duration, types ...string) []byte {
	t.Helper()
	return encoded(t, pprofOf(at.Add(after), took, 3, types...))
}

func pprofOf(start time.Time, took time.Duration, samples int, types ...string) *profile.Profile {
	p := &profile.Profile{DurationNanos: int64(took)}
	if !start.IsZero() {
		p.TimeNanos = start.UnixNano()
	}
	for _, typ := range types {
		name, unit, _ := strings.Cut(typ, "/")
		p.SampleType = append(p.SampleType, &profile.ValueType{Type: name, Unit: unit})
	}
	for i := range samples {
		f := &profile.Function{ID: uint64(i + 1), Name: fmt.Sprintf("main.f%d", i)}
		l := &profile.Location{ID: uint64(i + 1), Line: []profile.Line{{Function: f}}}
		p.Function, p.Location = append(p.Function, f), append(p.Location, l)
		s := &profile.Sample{Location: []*profile.Location{l}}
		for range types {
			s.Value = append(s.Value, int64(i+1))
		}
		p.Sample = append(p.Sample, s)
	}
	return p
}

func encoded(t *testing.T, p *profile.Profile) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, p.Write(&out))
	return out.Bytes()
}

// wired is an event with everything that an event can have, and with labels that
// are hard to carry.
func wired(t *testing.T) *holmes.Event {
	t.Helper()
	e := &holmes.Event{
		ID: "20260504T030201.000000000Z-cpu-a1b2c3d4", State: holmes.StateConfirmed, At: at,
		Trigger: holmes.Trigger{
			Sample:   holmes.Sample{Signal: holmes.SignalCPU, Value: 61, Limit: 2, At: at},
			Reason:   holmes.Reason{Code: holmes.CodeDiff, Mean: 41, Rule: holmes.Threshold{Diff: 25, Margin: 10, Window: 2 * time.Minute}},
			Baseline: 41, Held: 15 * time.Second, Window: []float64{41, 41, 61},
		},
		Diagnosis: diagnose.Verdict{
			Sentence: `main.(*Shop).applyCoupons grew most & "hash" <b>too</b>`, Confident: true,
			Culprits: []diagnose.Culprit{
				{Function: "main.(*Shop).applyCoupons", File: "coupon.go", Line: 41, Share: 0.64, Delta: 1.9e9, Unit: "nanoseconds", Score: 9.1, Evidence: "cpu"},
				{Function: "main.hash", File: "hash.go", Line: 7, Share: 0.11, Delta: 3e8, Unit: "nanoseconds", Score: 4.2, Evidence: "cpu"},
			},
		},
		Labels: map[string]string{
			"service": "shop", "instance": "pod-7", "version": "v1.2.3+dirty", "node": "a=b, c%2C{d}", "team-name": "köln",
		},
	}
	add := func(kind holmes.Kind, file string, raw []byte, start, took time.Duration) {
		p := holmes.MemoryProfile(kind, file, raw)
		p.Start, p.Duration = at.Add(start), took
		e.Profiles = append(e.Profiles, p)
	}
	add("cpu", "cpu.pb.gz", sampled(t, 0, 14500*time.Millisecond, "samples/count", "cpu/nanoseconds"), 0, 14500*time.Millisecond)
	add("heap", "heap.pb.gz", sampled(t, time.Second, 0, "alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"), time.Second, 0)
	add("heap", "heap-gc.pb.gz", sampled(t, 2*time.Second, 0, "inuse_space/bytes"), 2*time.Second, 0)
	add("goroutine", "goroutine.pb.gz", sampled(t, 3*time.Second, 0, "goroutine/count"), 3*time.Second, 0)
	add("mutex", "mutex.pb.gz", sampled(t, 4*time.Second, 0, "contentions/count", "delay/nanoseconds"), 4*time.Second, 0)
	add("block", "block.pb.gz", sampled(t, 5*time.Second, 0, "contentions/count", "delay/nanoseconds"), 5*time.Second, 0)
	add("trace", "trace.out", []byte("go 1.26 trace\x00\x00\x00"), 6*time.Second, time.Second)
	add("locks", "locks.pb.gz", sampled(t, 7*time.Second, 0, "locks/count"), 7*time.Second, 0)
	e.Profiles = append(e.Profiles, holmes.Profile{Kind: "threadcreate", Note: "not taken"})
	return e
}

// The requests as the receivers' documentation writes them.
func TestGoldens(t *testing.T) {
	link := reporters.WithLink("https://holmes.example.com/events/{{.ID}}?s={{urlquery .Labels.service}}")
	anyAge := reporters.WithPyroscopeLimits(reporters.PyroscopeLimits{Age: -1})
	for name, tt := range map[string]struct {
		opts   []reporters.HTTPOption
		answer string
	}{
		"http":         {[]reporters.HTTPOption{reporters.WithToken("s3cr3t")}, ""},
		"collector":    {nil, `{"id":"x"}`},
		"profefe":      {[]reporters.HTTPOption{reporters.WithLabels(map[string]string{"region": "eu"})}, `{"code":200,"body":{}}`},
		"pyroscope":    {[]reporters.HTTPOption{anyAge, reporters.WithTenant("team-a"), reporters.WithBasicAuth("me", "pw")}, ""},
		"slack":        {[]reporters.HTTPOption{link}, "ok"},
		"dingtalk":     {[]reporters.HTTPOption{link}, `{"errcode":0,"errmsg":"ok"}`},
		"feishu":       {[]reporters.HTTPOption{link}, `{"code":0,"msg":"success"}`},
		"alertmanager": {[]reporters.HTTPOption{link}, ""},
		"own template": {nil, "thank you"},
	} {
		t.Run(name, func(t *testing.T) {
			e := wired(t)
			w := newWire(t, tt.answer, e)
			r, err := everyone[name](w.URL, tt.opts...)
			require.NoError(t, err)
			require.NoError(t, r.Report(context.Background(), e))
			golden(t, strings.ReplaceAll(name, " ", "-"), w.all())
		})
	}
}

// Webhooks take several events in one message.
func TestGoldensOfSeveral(t *testing.T) {
	for name, answer := range map[string]string{
		"slack": "ok", "dingtalk": `{"errcode":0,"errmsg":"ok"}`, "feishu": `{"StatusCode":0,"StatusMessage":"success"}`, "alertmanager": "",
	} {
		t.Run(name, func(t *testing.T) {
			first, second := wired(t), wired(t)
			second.ID, second.At = "20260504T030301.000000000Z-mem-b1b2c3d4", at.Add(time.Minute)
			second.State, second.Diagnosis = holmes.StateUnconfirmed, diagnose.Verdict{}
			second.Trigger.Sample = holmes.Sample{Signal: holmes.SignalMem, Value: 91, Limit: 1 << 30}
			second.Trigger.Reason = holmes.Reason{Code: holmes.CodeAbs, Rule: holmes.Threshold{Abs: 80}}
			second.Labels = nil
			w := newWire(t, answer, first)
			r, err := everyone[name](w.URL)
			require.NoError(t, err)
			batch, ok := r.(interface {
				ReportBatch(context.Context, []*holmes.Event) error
			})
			require.True(t, ok)
			require.NoError(t, batch.ReportBatch(context.Background(), []*holmes.Event{first, second}))
			golden(t, name+"-two", w.all())
		})
	}
}
