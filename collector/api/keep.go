package api

import (
	"context"
	"io"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// An upload is a profile that comes by itself.
type upload struct {
	meta collector.Meta // CreatedAt may be zero, to be found out
	key  string         // tells a repetition; "" is none
	body io.Reader
}

// keep receives a profile, looks at it, and stores it.
func (h *Handler) keep(ctx context.Context, u upload) (*collector.Meta, error) {
	d, err := h.store.Draft(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Discard()
	u.meta.File = u.meta.Kind.File()
	info, err := h.receiveProfile(d, u.meta.File, u.body, u.meta.Kind)
	if err != nil {
		return nil, err
	}
	h.complete(&u.meta, &info)
	receipt, err := d.Commit(ctx, collector.Record{Key: u.key, Profile: &u.meta})
	if err != nil {
		return nil, err
	}
	return &receipt.Profiles[0], nil
}

// complete adds what a profile says about itself. Its own time wins over what
// its sender says: it is when it was taken, not when it was sent.
func (h *Handler) complete(m *collector.Meta, info *safepprof.Info) {
	if !info.Time.IsZero() {
		m.CreatedAt = info.Time
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = h.now().UTC()
	}
	if info.Duration > 0 {
		m.Duration = info.Duration
	}
}
