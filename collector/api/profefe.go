package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A profefeProfile is a profile as profefe answers it.
type profefeProfile struct {
	ID        string            `json:"id"`
	Type      collector.Kind    `json:"type"`
	Service   string            `json:"service"`
	Labels    []collector.Label `json:"labels,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
}

func toProfefe(m *collector.Meta) profefeProfile {
	return profefeProfile{m.ID, m.Kind, m.Service, m.Labels, m.CreatedAt.UTC().Truncate(time.Second)}
}

// postProfile takes one profile.
func (in *intake) postProfile(w http.ResponseWriter, r *http.Request) error {
	m, err := describedBy(r.URL.Query())
	if err != nil {
		return err
	}
	key, err := idempotencyKey(r)
	if err != nil {
		return err
	}
	m.File = m.Kind.File()
	stored, err := in.storeProfile(r.Context(), key, &m, func(d collector.Draft) (safepprof.Info, error) {
		return in.receiveProfile(d, m.File, r.Body, m.Kind)
	})
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: toProfefe(stored)})
	return nil
}

// findProfiles lists profiles. Without a limit there may be many, so the list is
// written while the search runs.
func (rd *reader) findProfiles(w http.ResponseWriter, r *http.Request) error {
	q, err := profefeQuery(r.URL.Query(), rd.now())
	if err != nil {
		return err
	}
	found := false
	for m, err := range rd.store.Find(r.Context(), q) {
		if err != nil {
			return err
		}
		before := ","
		if !found {
			w.Header().Set("Content-Type", "application/json")
			before = `{"code":200,"body":[`
		}
		found = true
		item, err := json.Marshal(toProfefe(&m))
		if err != nil {
			return err
		}
		if _, err := w.Write(append([]byte(before), item...)); err != nil {
			return err
		}
	}
	if !found {
		return errNothing()
	}
	_, err = w.Write([]byte("]}\n"))
	return err
}

func errNothing() error { return collector.Errorf(collector.NotFound, "nothing found") }

// getProfile answers with a profile as it was received.
func (rd *reader) getProfile(w http.ResponseWriter, r *http.Request) error {
	f, err := rd.store.Open(r.Context(), r.PathValue("ids"))
	if err != nil {
		return err
	}
	return serveFile(w, r, f)
}

// mergeIDs answers with several profiles, merged.
func (rd *reader) mergeIDs(w http.ResponseWriter, r *http.Request) error {
	ids := strings.Split(r.PathValue("ids"), "+")
	if len(ids) > maxIDs {
		return errTooMany(len(ids))
	}
	return rd.merged(w, r, func(ctx context.Context) (*merge.Fold, error) { return rd.merger.IDs(ctx, ids) }, "merged.pb.gz")
}

func (rd *reader) services(w http.ResponseWriter, r *http.Request) error {
	names, err := rd.merger.Services(r.Context())
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, envelope{Code: http.StatusOK, Body: append([]string{}, names...)})
	return nil
}
