package api

import (
	"context"
	"io"

	"github.com/go-holmes/holmes/collector"
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
	if _, err := receive(d, u.meta.File, u.body, h.limits.ProfileBytes); err != nil {
		return nil, err
	}
	return h.commit(ctx, d, u)
}

// commit looks at the only file of a draft and stores it.
func (h *Handler) commit(ctx context.Context, d collector.Draft, u upload) (*collector.Meta, error) {
	file, err := d.Read(u.meta.File)
	if err != nil {
		return nil, err
	}
	content, err := h.inspect(u.meta.Kind, file)
	if err != nil {
		return nil, err
	}
	h.complete(&u.meta, &content)
	receipt, err := d.Commit(ctx, collector.Record{Key: u.key, Profile: &u.meta})
	if err != nil {
		return nil, err
	}
	return &receipt.Profiles[0], nil
}

// complete adds what a profile says about itself. Its own time wins over what
// its sender says: it is when it was taken, not when it was sent.
func (h *Handler) complete(m *collector.Meta, c *Content) {
	if !c.Time.IsZero() {
		m.CreatedAt = c.Time
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = h.now().UTC()
	}
	if c.Duration > 0 {
		m.Duration = c.Duration
	}
}
