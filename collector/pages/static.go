package pages

import (
	"bytes"
	"embed"
	"io"
	"mime"
	"net/http"
	"path/filepath"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
)

//go:embed static
var staticFiles embed.FS

// static serves our style, our script and the icon.
func (p *Pages) static(w http.ResponseWriter, r *http.Request) error {
	return serveStatic(w, r, r.PathValue("file"))
}

func (p *Pages) icon(w http.ResponseWriter, r *http.Request) error {
	return serveStatic(w, r, "icon.svg")
}

func serveStatic(w http.ResponseWriter, r *http.Request, name string) error {
	var content []byte
	switch name {
	case "flame.css":
		content = []byte(flame.CSS)
	case "flame.js":
		content = []byte(flame.JS)
	default:
		var err error
		if content, err = staticFiles.ReadFile("static/" + name); err != nil {
			return collector.Errorf(collector.NotFound, "there is no such file")
		}
	}
	w.Header().Set("Content-Type", mime.TypeByExtension(filepath.Ext(name)))
	w.Header().Set("Cache-Control", "private, max-age=300")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	return nil
}

// writeSVG answers with a picture.
func (p *Pages) writeSVG(w http.ResponseWriter, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Content-Security-Policy", p.gates.picture)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes()) // a client that has left is no error
	return nil
}
