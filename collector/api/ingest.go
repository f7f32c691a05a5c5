package api

import (
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// ingest takes a profile as Pyroscope's agents send it: raw, or as the part
// "profile" of a multipart body. The answer is empty.
func (in *intake) ingest(_ http.ResponseWriter, r *http.Request) error {
	m, err := pyroscopeMeta(r.URL.Query())
	if err != nil {
		return err
	}
	m.File = ingestFile
	_, err = in.storeProfile(r.Context(), "", &m, func(d collector.Draft) (safepprof.Info, error) {
		info, names, err := in.receiveIngest(d, r)
		m.Kind = kindOf(&info, names)
		return info, err
	})
	return err
}

// kindOf is the kind of an ingested profile. The names that the configuration
// gives to the values tell block profiles from mutex profiles.
func kindOf(info *safepprof.Info, names []string) collector.Kind {
	block := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "block_") })
	if info.Kind == collector.KindMutex && block {
		return collector.KindBlock
	}
	return info.Kind
}

// ingestFile is the name of the file, which is created before the kind is known.
const ingestFile = "profile.pb.gz"

// maxConfig bounds the configuration that comes with a profile.
const maxConfig = 64 << 10

// A sampleConfig is the configuration of one sample type. Only its display name is
// used.
type sampleConfig struct {
	DisplayName string `json:"display-name"`
}

// receiveIngest receives the profile, and the names of its configuration.
func (in *intake) receiveIngest(d collector.Draft, r *http.Request) (info safepprof.Info, names []string, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		info, err = in.receiveProfile(d, ingestFile, r.Body, collector.KindOther)
		return info, nil, err
	}
	found := false
	for part, err := range partsOf(r) {
		if err != nil {
			return info, nil, err
		}
		switch part.FormName() {
		case "profile":
			found = true
			info, err = in.receiveProfile(d, ingestFile, part, collector.KindOther)
		case "sample_type_config":
			names, err = readSampleConfig(part)
		case "prev_profile":
			err = collector.Errorf(unprocessable, "prev_profile is not supported: send deltas")
		default:
			err = collector.Errorf(collector.Invalid, "part %.40q is not expected", part.FormName())
		}
		if err != nil {
			return info, nil, err
		}
	}
	if !found {
		return info, nil, collector.Errorf(collector.Invalid, `part "profile" is missing`)
	}
	return info, names, nil
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
