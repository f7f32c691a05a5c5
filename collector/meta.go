package collector

import (
	"slices"
	"time"
)

// A Meta describes a stored profile.
type Meta struct {
	// ID is given by the store. It is fit for a URL's path and for a file name.
	ID      string
	Service string
	Kind    Kind
	Labels  Labels
	// CreatedAt is when the profile was taken or its recording began.
	CreatedAt time.Time
	// Duration is the length of the recording, and 0 for a snapshot.
	Duration time.Duration
	// Size is the number of bytes as they were received.
	Size int64
	// Event is the ID of the profile's event, and "" for a single profile.
	Event string
	// File is the profile's name within its event, such as "heap-gc.pb.gz".
	File string
	// ReceivedAt is when the collector stored it. Age is counted from here.
	ReceivedAt time.Time
	// Totals are the sums of its values, in the order of its sample types. They
	// are missing if they were not added up.
	Totals []Total
}

// maxTotals bounds the sample types of a profile whose totals are kept.
const maxTotals = 64

// Kinds returns the kinds under which the profile is found: its own, and those of its
// totals that are of another, see [Kind.Of].
func (m *Meta) Kinds() []Kind {
	kinds := []Kind{m.Kind}
	for _, t := range m.Totals {
		if k := m.Kind.Of(t.Type); !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// Validate checks the description of a profile.
func (m *Meta) Validate() error {
	if err := checkName("service", m.Service); err != nil {
		return err
	}
	if _, err := ParseKind(string(m.Kind)); err != nil {
		return err
	}
	if err := checkTime("created_at", m.CreatedAt); err != nil {
		return err
	}
	if m.Duration < 0 {
		return Errorf(Invalid, "duration %v is negative", m.Duration)
	}
	if len(m.Totals) > maxTotals {
		return Errorf(Invalid, "%d totals are more than %d", len(m.Totals), maxTotals)
	}
	for _, t := range m.Totals {
		if len(t.Type) > MaxName || len(t.Unit) > MaxName || !printable(t.Type) || !printable(t.Unit) {
			return Errorf(Invalid, "the sample type %.80q in %.80q is not printable, or longer than %d bytes", t.Type, t.Unit, MaxName)
		}
	}
	return m.Labels.Validate()
}

// checkTime refuses times that 64 bits of nanoseconds cannot hold.
func checkTime(what string, at time.Time) error {
	if year := at.UTC().Year(); year < 1970 || year > 2200 {
		return Errorf(Invalid, "%s is in the year %d", what, year)
	}
	return nil
}
