package collector

import (
	"encoding/json"
	"time"
)

// A Meta is what is known about a stored profile without reading it.
type Meta struct {
	// ID is given by the store. It is fit for a URL's path and for a file name.
	ID      string `json:"id"`
	Service string `json:"service"`
	Kind    Kind   `json:"type"`
	Labels  Labels `json:"labels"`
	// CreatedAt is when the profile was taken, or was begun.
	CreatedAt time.Time `json:"created_at"`
	// Duration is how long it lasted, and 0 for a snapshot.
	Duration time.Duration `json:"-"` // duration_seconds
	// Size is the number of bytes as they were received.
	Size int64 `json:"size"`
	// Event is the ID of the event that the profile belongs to, and "" for one
	// that came by itself.
	Event string `json:"event,omitempty"`
	// File is the profile's name within its event, such as "heap-gc.pb.gz".
	File string `json:"file"`
	// ReceivedAt is when the collector took it. Age is counted from here.
	ReceivedAt time.Time `json:"received_at"`
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

// plainMeta is a Meta without its methods.
type plainMeta Meta

// MarshalJSON returns the form that the API answers with.
func (m Meta) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		plainMeta
		DurationSeconds float64 `json:"duration_seconds"`
	}{plainMeta(m), m.Duration.Seconds()})
}

// UnmarshalJSON reads the form that MarshalJSON returns.
func (m *Meta) UnmarshalJSON(raw []byte) error {
	var w struct {
		plainMeta
		DurationSeconds float64 `json:"duration_seconds"`
	}
	err := json.Unmarshal(raw, &w)
	*m = Meta(w.plainMeta)
	m.Duration = time.Duration(w.DurationSeconds * float64(time.Second))
	return err
}
