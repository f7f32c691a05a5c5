package api

import (
	"context"
	"io"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// An intake receives uploads and stores them.
type intake struct {
	store            collector.Store
	profiles, traces *safepprof.Checker
	now              func() time.Time
}

// storeProfile stores a single profile. CreatedAt may be zero; a key tells a
// repetition, "" is none. receive writes the file to the draft, and may complete
// the profile's description.
func (in *intake) storeProfile(ctx context.Context, key string, m *collector.Meta, receive func(collector.Draft) (safepprof.Info, error)) (*collector.Meta, error) {
	if err := checkService(ctx, m.Service); err != nil {
		return nil, err
	}
	d, err := in.store.Draft(ctx)
	if err != nil {
		return nil, err
	}
	defer d.Discard()
	info, err := receive(d)
	if err != nil {
		return nil, err
	}
	in.complete(m, &info)
	receipt, err := d.Commit(ctx, collector.Record{Key: key, Profile: m})
	if err != nil {
		return nil, err
	}
	return &receipt.Profiles[0], nil
}

// receiveProfile writes a profile to a file of a draft and checks it on its way. It
// ends at the first defect.
func (in *intake) receiveProfile(d collector.Draft, name string, from io.Reader, kind collector.Kind) (safepprof.Info, error) {
	to, err := d.Add(name)
	if err != nil {
		return safepprof.Info{}, err
	}
	checker := in.profiles
	if !kind.Pprof() {
		checker = in.traces
	}
	info, err := checker.ShallowCheck(io.TeeReader(from, to))
	if err == nil {
		err = info.Agrees(kind)
	}
	return info, clientError(err)
}

// complete adds the time and duration inside a profile. That time wins over the
// sender's: it is when the profile was taken, not when it was sent.
func (in *intake) complete(m *collector.Meta, info *safepprof.Info) {
	if !info.Time.IsZero() {
		m.CreatedAt = info.Time
	}
	if m.CreatedAt.IsZero() {
		m.CreatedAt = in.now().UTC()
	}
	m.CreatedAt = in.past(m.CreatedAt)
	if info.Duration > 0 {
		m.Duration = info.Duration
	}
	m.Totals = info.Sums()
}

// clockSkew is how far ahead a sender's clock may be.
const clockSkew = 10 * time.Minute

// past is a time of a sender, or now if its clock is far ahead: it would be above all
// others in every list until then.
func (in *intake) past(at time.Time) time.Time {
	if now := in.now().UTC(); at.After(now.Add(clockSkew)) {
		return now
	}
	return at
}
