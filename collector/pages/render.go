package pages

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

//go:embed html/*.html
var htmlFiles embed.FS

// templates are the pages by name, each with the frame around it.
type templates map[string]*template.Template

func newTemplates() (templates, error) {
	names := []string{"home", "events", "event", "profiles", "flame", "top", "compare", "error"}
	pages := templates{}
	for _, name := range names {
		t, err := template.New("frame.html").Funcs(functions()).ParseFS(htmlFiles, "html/frame.html", "html/parts.html", "html/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("holmes: pages: %w", err)
		}
		pages[name] = t
	}
	return pages, nil
}

// A frame is around every page.
type frame struct {
	Title string
	Here  string // the entry of the menu
	Body  any
}

// render answers with a page. The page is complete before the answer begins, so
// that a failure is an error and not half a page.
func (p *Pages) render(w http.ResponseWriter, status int, name string, f frame) error {
	var b bytes.Buffer
	if err := p.html[name].Execute(&b, f); err != nil {
		return fmt.Errorf("holmes: pages: %w", err)
	}
	body := p.prefixed(b.Bytes())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has left is no error
	return nil
}

// prefixed puts the prefix in front of a page's own addresses. Texts cannot look like
// one: their quotes are escaped.
func (p *Pages) prefixed(page []byte) []byte {
	if p.config.Prefix == "" {
		return page
	}
	for _, attribute := range []string{` href="/`, ` action="/`, ` src="/`} {
		prefixed := strings.TrimSuffix(attribute, "/") + template.HTMLEscapeString(p.config.Prefix) + "/"
		page = bytes.ReplaceAll(page, []byte(attribute), []byte(prefixed))
	}
	return page
}

// statusOf is the HTTP status of a code.
func statusOf(code collector.Code) int {
	switch code {
	case collector.Invalid:
		return http.StatusBadRequest
	case collector.NotFound:
		return http.StatusNotFound
	case collector.TooLarge:
		return http.StatusRequestEntityTooLarge
	case collector.Unsupported, render.NotAvailable:
		return http.StatusNotImplemented
	case collector.Busy, collector.Full:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

// fail answers with a page about an error. Faults are logged.
func (p *Pages) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // the client has gone
	}
	status, message := http.StatusInternalServerError, "Something went wrong. The log of the collector has the error."
	if e, ok := errors.AsType[*collector.Error](err); ok && e.Code != collector.Internal {
		status, message = statusOf(e.Code), e.Message
	} else if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		status, message = http.StatusServiceUnavailable, "This took too long."
	}
	if status == http.StatusInternalServerError {
		p.config.Fault(r, err)
	}
	if e, ok := errors.AsType[*collector.Error](err); ok && e.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(e.RetryAfter.Seconds())))
	}
	body := struct {
		Status  int
		Message string
	}{status, message}
	if err := p.render(w, status, "error", frame{Title: http.StatusText(status), Body: body}); err != nil {
		p.config.Fault(r, err)
		http.Error(w, message, status)
	}
}
