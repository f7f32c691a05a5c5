package api

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// ingest takes a profile as Pyroscope's agents send it: raw, or as the part
// "profile" of a multipart body. The answer is empty.
func (h *Handler) ingest(w http.ResponseWriter, r *http.Request) error {
	values := r.URL.Query()
	m, err := pyroscopeMeta(values)
	if err != nil {
		return err
	}
	body := h.body(w, r, h.limits.ProfileBytes)
	d, err := h.store.Draft(r.Context())
	if err != nil {
		return err
	}
	defer d.Discard()
	names, err := h.receiveIngest(d, r, body)
	if err != nil {
		return err
	}
	file, err := d.Read(ingestFile)
	if err != nil {
		return err
	}
	content, err := h.inspect(collector.KindOther, file)
	if err != nil {
		return err
	}
	m.Kind = pyroscopeKind(&content, names)
	m.File = ingestFile
	h.complete(&m, &content)
	_, err = d.Commit(r.Context(), collector.Record{Profile: &m})
	return err
}

// ingestFile is the name of what comes in, whose kind is not known by then.
const ingestFile = "profile.pb.gz"

// maxConfig bounds the configuration that comes with a profile.
const maxConfig = 64 << 10

// A sampleConfig is the configuration of one sample type. Only its name for
// people is used: it tells the contentions of mutexes from the others.
type sampleConfig struct {
	DisplayName string `json:"display-name"`
}

// receiveIngest receives the profile, and returns the names that its
// configuration gives to its values.
func (h *Handler) receiveIngest(d collector.Draft, r *http.Request, body io.Reader) (names []string, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		_, err := receive(d, ingestFile, body, h.limits.ProfileBytes)
		return nil, err
	}
	parts, err := partsOf(r, body)
	if err != nil {
		return nil, err
	}
	found := false
	for {
		part, err := nextPart(parts)
		if err != nil {
			return nil, err
		}
		if part == nil {
			break
		}
		switch part.FormName() {
		case "profile":
			found = true
			_, err = receive(d, ingestFile, part, h.limits.ProfileBytes)
		case "sample_type_config":
			names, err = readSampleConfig(part)
		case "prev_profile":
			err = collector.Errorf(unprocessable, "prev_profile is not supported: send deltas")
		default:
			err = collector.Errorf(collector.Invalid, "part %.40q is not expected", part.FormName())
		}
		if err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, collector.Errorf(collector.Invalid, `part "profile" is missing`)
	}
	return names, nil
}

func readSampleConfig(part *multipart.Part) ([]string, error) {
	raw, err := io.ReadAll(io.LimitReader(part, maxConfig+1))
	if err != nil {
		return nil, clientError(err)
	}
	var config map[string]sampleConfig
	if err := json.Unmarshal(raw, &config); err != nil || len(raw) > maxConfig {
		return nil, collector.Errorf(collector.Invalid, "sample_type_config is not the JSON that is expected, or too long")
	}
	var names []string
	for _, c := range config {
		names = append(names, c.DisplayName)
	}
	return names, nil
}

// pyroscopeKind is the kind that the values have, mutex contentions where
// nothing says otherwise.
func pyroscopeKind(c *Content, names []string) collector.Kind {
	kinds := c.kinds()
	if len(kinds) == 0 {
		return collector.KindOther
	}
	for _, kind := range kinds {
		for _, name := range names {
			if strings.HasPrefix(name, string(kind)+"_") {
				return kind
			}
		}
	}
	return kinds[0]
}

// pyroscopeMeta reads the query of /ingest.
func pyroscopeMeta(values url.Values) (m collector.Meta, err error) {
	if format := values.Get("format"); format != "" && format != "pprof" {
		return m, collector.Errorf(unprocessable, "format %.40q is not supported: send pprof", format)
	}
	if m.Service, m.Labels, err = parseName(values.Get("name")); err != nil {
		return m, err
	}
	from, err := unixTime("from", values.Get("from"))
	if err != nil {
		return m, err
	}
	until, err := unixTime("until", values.Get("until"))
	if err != nil {
		return m, err
	}
	m.CreatedAt = from
	if !from.IsZero() && until.After(from) {
		m.Duration = until.Sub(from)
	}
	return m, nil
}

// unixTime reads a time since 1970 as agents send it: in seconds, or in parts of
// a second, which the number of digits tells.
func unixTime(what, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return time.Time{}, collector.Errorf(collector.Invalid, "%s %.40q is not a time since 1970", what, text)
	}
	switch {
	case n < 1e11:
		return time.Unix(n, 0).UTC(), nil
	case n < 1e14:
		return time.UnixMilli(n).UTC(), nil
	case n < 1e17:
		return time.UnixMicro(n).UTC(), nil
	default:
		return time.Unix(0, n).UTC(), nil
	}
}
