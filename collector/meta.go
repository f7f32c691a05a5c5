package collector

import "time"

// A Meta is what is known about a stored profile without reading it.
type Meta struct {
	// ID is given by the store. It is fit for a URL's path and for a file name.
	ID      string
	Service string
	Kind    Kind
	Labels  Labels
	// CreatedAt is when the profile was taken, or was begun.
	CreatedAt time.Time
	// Duration is how long it lasted, and 0 for a snapshot.
	Duration time.Duration
	// Size is the number of bytes as they were received.
	Size int64
	// Event is the ID of the event that the profile belongs to, and "" for one
	// that came by itself.
	Event string
	// File is the profile's name within its event, such as "heap-gc.pb.gz".
	File string
	// ReceivedAt is when the collector took it. Age is counted from here.
	ReceivedAt time.Time
}

// Validate checks what the sender of a profile says about it.
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
	return m.Labels.Validate()
}

// checkTime refuses what no clock shows and 64 bits of nanoseconds may not hold.
func checkTime(what string, at time.Time) error {
	if year := at.UTC().Year(); year < 1970 || year > 2200 {
		return Errorf(Invalid, "%s is in the year %d", what, year)
	}
	return nil
}
