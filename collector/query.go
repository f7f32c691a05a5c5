package collector

import "time"

// A Query selects profiles. The zero value selects all; each field that is set
// narrows it.
type Query struct {
	Service string
	Kind    Kind
	// Labels selects profiles that have all these labels.
	Labels Labels
	// Event selects the profiles of one event.
	Event string
	// From and To bound [Meta.CreatedAt]: From is inside, To is not.
	From, To time.Time
	// Limit keeps the newest ones; 0 keeps all.
	Limit int
}

// Validate checks the query.
func (q *Query) Validate() error {
	if q.Kind != "" {
		if _, err := ParseKind(string(q.Kind)); err != nil {
			return err
		}
	}
	return checkWindow(q.From, q.To, q.Limit)
}

// An EventQuery selects events, as [Query] does profiles.
type EventQuery struct {
	Service string
	Signal  string
	State   string
	Reason  string
	// Culprit is a function that the diagnosis names, in full.
	Culprit string
	Labels  Labels
	// From and To bound [Event.At]: From is inside, To is not.
	From, To time.Time
	// Limit keeps the newest ones; 0 keeps all.
	Limit int
}

// Validate checks the query.
func (q *EventQuery) Validate() error { return checkWindow(q.From, q.To, q.Limit) }

func checkWindow(from, to time.Time, limit int) error {
	if limit < 0 {
		return Errorf(Invalid, "limit %d is negative", limit)
	}
	if !from.IsZero() && !to.IsZero() && from.After(to) {
		return Errorf(Invalid, "from %s is after to %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	for _, b := range [...]struct {
		what string
		at   time.Time
	}{{"from", from}, {"to", to}} {
		if b.at.IsZero() {
			continue
		}
		if err := checkTime(b.what, b.at); err != nil {
			return err
		}
	}
	return nil
}
