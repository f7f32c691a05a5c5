package reporters_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/pprof/profile"
)

// fakePyroscope takes profiles as Pyroscope's /ingest does, with the limits that
// a server has by default.
type fakePyroscope struct {
	*httptest.Server
	// bytes, samples and labels are the limits, 0 for none.
	bytes, samples, labels int
	age                    time.Duration
	// fails, if it is set, answers a taken profile with a status and a text.
	fails func(u upload) (int, string)
	stall chan struct{} // nil: answer at once

	mu      sync.Mutex
	uploads []upload
	headers []http.Header
}

func newFakePyroscope(t *testing.T) *fakePyroscope {
	t.Helper()
	f := &fakePyroscope{bytes: 4 << 20, samples: 16_000, labels: 30, age: time.Hour}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakePyroscope) hold() (resume func()) {
	f.stall = make(chan struct{})
	return func() { close(f.stall) }
}

// of returns what is stored of an event, by file. The kind of an upload is its
// metric.
func (f *fakePyroscope) of(event string) map[string][]upload {
	f.mu.Lock()
	defer f.mu.Unlock()
	return byFile(f.uploads, event)
}

func (f *fakePyroscope) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.stall != nil {
		<-f.stall
	}
	u, status, err := f.read(r)
	if err == nil && f.fails != nil {
		var text string
		if status, text = f.fails(u); status != 0 {
			err = errors.New(text)
		}
	}
	if err != nil {
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"code": "unknown", "message": err.Error()})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uploads, f.headers = append(f.uploads, u), append(f.headers, r.Header)
}

func (f *fakePyroscope) read(r *http.Request) (u upload, status int, err error) {
	if r.Method != http.MethodPost || r.URL.Path != "/ingest" {
		return u, http.StatusNotFound, fmt.Errorf("nothing at %s %s", r.Method, r.URL.Path)
	}
	q := r.URL.Query()
	u.service, u.labels, err = parseName(q.Get("name"))
	if err != nil {
		return u, http.StatusBadRequest, err
	}
	from, err := strconv.ParseInt(q.Get("from"), 10, 64)
	if err != nil || len(q.Get("from")) != 10 {
		return u, http.StatusBadRequest, fmt.Errorf("from %q", q.Get("from"))
	}
	u.created = time.Unix(from, 0)
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return u, http.StatusRequestTimeout, err
	}
	config := map[string]struct {
		DisplayName string `json:"display-name"`
	}{"samples": {"cpu"}, "goroutine": {"goroutines"}, "contentions": {"mutex_count"}, "delay": {"mutex_duration"}}
	if q.Get("format") != "pprof" { // then it is a form, else the body is the profile
		if raw, err = fromForm(r.Header.Get("Content-Type"), raw, &config); err != nil {
			return u, http.StatusUnprocessableEntity, err
		}
	}
	u.body = raw
	p, size, err := f.parse(raw)
	if err != nil {
		return u, http.StatusUnprocessableEntity, err
	}
	if p.TimeNanos != 0 {
		u.created = time.Unix(0, p.TimeNanos)
	}
	for i := range p.SampleType {
		name := p.SampleType[i].Type
		if c := config[name]; c.DisplayName != "" {
			name = c.DisplayName
		}
		if u.kind = metric(name); u.kind != "" {
			break
		}
	}
	return u, http.StatusUnprocessableEntity, f.validate(u, p, size)
}

func (f *fakePyroscope) parse(raw []byte) (*profile.Profile, int, error) {
	size := len(raw)
	if zip, err := gzip.NewReader(bytes.NewReader(raw)); err == nil {
		plain, err := io.ReadAll(zip)
		if err != nil {
			return nil, 0, err
		}
		size = len(plain)
	}
	p, err := profile.ParseData(raw)
	return p, size, err
}

func (f *fakePyroscope) validate(u upload, p *profile.Profile, size int) error {
	for _, s := range p.Sample {
		for k, values := range s.Label {
			if bad := k + strings.Join(values, ""); !utf8.ValidString(bad) {
				return fmt.Errorf("invalid utf8 string hex: %x", bad)
			}
		}
	}
	for k, v := range u.labels {
		if !utf8.ValidString(k + v) {
			return fmt.Errorf("invalid utf8 label %q=%q", k, v)
		}
	}
	switch age := time.Since(u.created); {
	case f.bytes > 0 && size > f.bytes:
		return fmt.Errorf("exceeds the size limit (actual: %d, limit: %d)", size, f.bytes)
	case f.samples > 0 && len(p.Sample) > f.samples:
		return fmt.Errorf("exceeds the samples count limit (actual: %d, limit: %d)", len(p.Sample), f.samples)
	case f.labels > 0 && len(u.labels)+4 > f.labels:
		return fmt.Errorf("%d label names; limit %d", len(u.labels)+4, f.labels)
	case f.age > 0 && (age > f.age || age < -10*time.Minute):
		return fmt.Errorf("profile is not in the window of ingestion: %v", u.created)
	}
	return nil
}

func metric(sampleType string) string {
	switch {
	case strings.Contains(sampleType, "cpu"):
		return "process_cpu"
	case strings.HasPrefix(sampleType, "alloc_"), strings.HasPrefix(sampleType, "inuse_"):
		return "memory"
	case strings.HasPrefix(sampleType, "mutex_"):
		return "mutex"
	case strings.HasPrefix(sampleType, "block_"):
		return "block"
	case strings.Contains(sampleType, "goroutines"):
		return "goroutines"
	default:
		return ""
	}
}

func fromForm(contentType string, raw []byte, config any) ([]byte, error) {
	_, boundary, ok := strings.Cut(contentType, "boundary=")
	if !ok {
		return nil, fmt.Errorf("no form: %s", contentType)
	}
	form, err := multipart.NewReader(bytes.NewReader(raw), boundary).ReadForm(1 << 20)
	if err != nil {
		return nil, err
	}
	read := func(name string) (out []byte) {
		for _, header := range form.File[name] {
			in, err := header.Open()
			if err == nil {
				out, _ = io.ReadAll(in)
				in.Close()
			}
		}
		return out
	}
	if form.File["prev_profile"] != nil {
		return nil, errors.New("unsupported client version")
	}
	return read("profile"), json.Unmarshal(read("sample_type_config"), config)
}

// parseName reads name{k=v,k=v} a character at a time, as the real one does:
// whatever ends a value ends it.
func parseName(text string) (name string, labels map[string]string, err error) {
	labels = map[string]string{}
	name, list, _ := strings.Cut(text, "{")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r != '-' && r != '/' && !inName(r) }) {
		return "", nil, fmt.Errorf("invalid service name %q", name)
	}
	for list != "" && list != "}" {
		var k, v string
		k, list, _ = strings.Cut(list, "=")
		if k == "" || strings.ContainsFunc(k, func(r rune) bool { return !inName(r) }) {
			return "", nil, fmt.Errorf("invalid label name %q", k)
		}
		end := strings.IndexAny(list, ",}")
		if end < 0 {
			return "", nil, fmt.Errorf("no end of %q", list)
		}
		v, list = list[:end], list[end+1:]
		if _, twice := labels[k]; twice || k == "service_name" || k == "pyroscope_spy" {
			return "", nil, fmt.Errorf("duplicate label name %q", k)
		}
		labels[k] = strings.TrimSpace(v)
	}
	return name, labels, nil
}

func inName(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_' || r == '.'
}
