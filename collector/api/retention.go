package api

import (
	"context"
	"net/http"
	"net/url"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
)

// retentionRoutes are the routes of what the store can do beside keeping.
func (h *Handler) retentionRoutes() (routes []route) {
	if d, ok := h.config.Store.(collector.Deleter); ok {
		routes = append(routes, route{"POST /api/1/delete", toTrigger, 0, func(w http.ResponseWriter, r *http.Request) error { return h.delete(w, r, d) }})
	}
	if k, ok := h.config.Store.(collector.Keeper); ok {
		routes = append(routes, route{"POST /api/1/keep", toTrigger, 0, func(w http.ResponseWriter, r *http.Request) error { return h.keep(w, r, k) }})
	}
	return routes
}

func selectionOf(values url.Values) (what collector.Selection, err error) {
	what = collector.Selection{Profile: values.Get("profile"), Event: values.Get("event"), Service: values.Get("service")}
	err = what.Validate()
	return what, err
}

// delete removes a profile, an event, or all of a service.
func (h *Handler) delete(w http.ResponseWriter, r *http.Request, from collector.Deleter) error {
	what, err := selectionOf(r.URL.Query())
	if err != nil {
		return err
	}
	var answer deleted
	forget, err := h.rolled(r.Context(), what, &answer)
	if err != nil {
		return err
	}
	done, err := from.Delete(r.Context(), what)
	if err == nil {
		err = forget()
	}
	answer.Uploads, answer.Bytes = done.Uploads, done.Bytes
	h.audit(r, "deleted", what, zap.Int("uploads", done.Uploads), zap.Int64("bytes", done.Bytes), zap.Int("rollups", answer.Rollups), zap.Error(err))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// deleted is how much was deleted. Roll-ups are counted for a service; those that have a
// deleted profile are made anew without it.
type deleted struct {
	Uploads     int   `json:"uploads"`
	Bytes       int64 `json:"bytes"`
	Rollups     int   `json:"rollups,omitempty"`
	RollupBytes int64 `json:"rollup_bytes,omitempty"`
}

// rolled returns what removes the roll-ups that have what is to be deleted, and counts
// those of a service.
func (h *Handler) rolled(ctx context.Context, what collector.Selection, count *deleted) (forget func() error, err error) {
	m := h.reader.merger
	if what.Service != "" {
		return func() (err error) {
			count.Rollups, count.RollupBytes, err = m.ForgetService(what.Service)
			return err
		}, nil
	}
	var metas []collector.Meta
	if what.Event != "" {
		e, err := h.config.Store.Event(ctx, what.Event)
		if err != nil {
			return nil, err
		}
		metas = e.Profiles
	} else {
		f, err := h.config.Store.Open(ctx, what.Profile)
		if err != nil {
			return nil, err
		}
		metas = append(metas, f.Meta)
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return func() error { return m.Forget(metas) }, nil
}

// keep pins an event or a profile, or ends that.
func (h *Handler) keep(w http.ResponseWriter, r *http.Request, in collector.Keeper) error {
	what, err := selectionOf(r.URL.Query())
	if err != nil {
		return err
	}
	how := collector.Keeping(r.URL.Query().Get("how"))
	switch how {
	case "":
		how = collector.Pinned
	case collector.Pinned, collector.Opened, collector.Unpinned:
	default:
		return collector.Errorf(collector.Invalid, "how %.40q is none of pinned, opened and unpinned", how)
	}
	err = in.Keep(r.Context(), what, how)
	h.audit(r, "kept", what, zap.String("how", string(how)), zap.Error(err))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"kept": string(how)})
	return nil
}

// audit logs what a client has made the collector do, and the user that it names.
func (h *Handler) audit(r *http.Request, done string, what collector.Selection, more ...zap.Field) {
	user, _, _ := r.BasicAuth()
	h.log.Named("audit").Info(done, append([]zap.Field{
		zap.String("profile", what.Profile), zap.String("event", what.Event), zap.String("service", what.Service),
		zap.String("client", r.RemoteAddr), zap.String("user", user),
	}, more...)...)
}
