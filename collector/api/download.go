package api

import (
	"mime"
	"net/http"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// serveFile answers with a stored file as it was received, and closes it.
func serveFile(w http.ResponseWriter, r *http.Request, f *collector.File) error {
	defer f.Close()
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	if f.Meta.File == collector.EventFile {
		header.Set("Content-Type", "application/json")
	}
	header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Meta.File}))
	header.Set("Cache-Control", "private, max-age=31536000, immutable") // an ID is never reused
	if f.Meta.ID != "" {
		header.Set("ETag", `"`+f.Meta.ID+`"`)
	}
	http.ServeContent(w, r, "", time.Time{}, f)
	return nil
}
