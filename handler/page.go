package handler

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
)

//go:embed page.html
var html string

//go:embed page.css
var css string

// A page is the template of the page and the policy that lets a browser apply its style,
// and load and run nothing.
type page struct {
	*template.Template
	policy string
}

func newPage() page {
	sum := sha256.Sum256([]byte(css))
	return page{
		Template: template.Must(template.New("page").Funcs(template.FuncMap{
			"title": detect.Title, "took": took, "size": size, "value": value,
			"count": count,
			"utc":   func(t time.Time) string { return t.UTC().Format(time.DateTime) },
		}).Parse(html)),
		policy: "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src data:; style-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

// A view is what the page shows.
type view struct {
	holmes.Stats
	Version string
	Style   template.CSS
	Kinds   []choice
	List    []listed
	ListErr error
}

// A choice is a kind of profile in the form, with what it is for.
type choice struct {
	Kind    holmes.Kind
	Checked bool
	For     string
}

func (s *server) servePage(w http.ResponseWriter, _ *http.Request) {
	v := view{
		Stats: s.holmes.Stats(), Version: holmes.Version, Style: template.CSS(css), //nolint:gosec // our own file
		Kinds: []choice{
			{holmes.KindCPU, true, "functions on CPU"},
			{holmes.KindHeap, true, "memory in use"},
			{holmes.KindGoroutine, true, "all goroutines"},
			{holmes.KindMutex, false, "waits for locks"},
			{holmes.KindTrace, false, "execution trace"},
			{holmes.KindThreadcreate, false, "threads"},
			{holmes.KindBlock, false, "blocked goroutines; needs WithBlockProfile"},
		},
	}
	v.List, v.ListErr = s.events()
	var out bytes.Buffer
	if err := s.page.Execute(&out, v); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(out.Bytes()) // a client that is gone needs no answer
}

// count formats a number of things for people.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// took formats a duration for people.
func took(d time.Duration) string {
	switch {
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	case d >= time.Minute:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d >= time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	default:
		return d.Round(10 * time.Microsecond).String()
	}
}

// size formats a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	default:
		return fmt.Sprintf("%d B", n)
	}
}

// value formats the reading of a signal with its unit.
func value(s holmes.SignalStats, v float64) string {
	return detect.UnitOf(detect.Sample{Signal: s.Signal, Value: s.Value, Limit: s.Limit}).Format(v)
}
