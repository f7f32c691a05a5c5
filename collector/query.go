package collector

import (
	"strconv"
	"strings"
	"time"
)

// A Query selects profiles. The zero value selects all; each field that is set
// narrows it.
type Query struct {
	Service string
	// Kind selects profiles that are found under it, see [Meta.Kinds].
	Kind Kind
	// Labels selects profiles that have all these labels.
	Labels Labels
	// Matchers selects profiles that match all of them.
	Matchers []Matcher
	// Event selects the profiles of one event.
	Event string
	// From and To bound [Meta.CreatedAt]: From is inside, To is not.
	From, To time.Time
	// After selects the profiles that come after this one in the order of the
	// results, which is the next page. See [Meta.Position].
	After Position
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
	return checkSearch(q.Matchers, &q.After, q.From, q.To, q.Limit)
}

// A Position is a place in the results of a search: that of one result. The zero value
// is the begin.
type Position struct {
	At time.Time
	ID string
}

// Position is the place of a profile in the results of [Store.Find].
func (m *Meta) Position() Position { return Position{m.CreatedAt, m.ID} }

// Position is the place of an event in the results of [Store.Events].
func (e *Event) Position() Position { return Position{e.At, e.ID} }

// IsZero reports whether it is the begin.
func (p *Position) IsZero() bool { return p.ID == "" }

// String returns the text that [ParsePosition] reads: fit for a URL.
func (p *Position) String() string {
	if p.IsZero() {
		return ""
	}
	return strconv.FormatInt(p.At.UnixNano(), 10) + "~" + p.ID
}

// ParsePosition reads what [Position.String] has returned; "" is the begin.
func ParsePosition(text string) (p Position, err error) {
	if text == "" {
		return p, nil
	}
	at, id, ok := strings.Cut(text, "~")
	n, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || id == "" || len(id) > MaxName {
		return p, Errorf(Invalid, "%.80q is not a position", text)
	}
	return Position{time.Unix(0, n).UTC(), id}, nil
}

func checkSearch(matchers []Matcher, after *Position, from, to time.Time, limit int) error {
	for i := range matchers {
		if err := matchers[i].validate(); err != nil {
			return err
		}
	}
	if !after.IsZero() {
		if err := checkTime("the position", after.At); err != nil {
			return err
		}
	}
	return checkWindow(from, to, limit)
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
	// Matchers selects events that match all of them.
	Matchers []Matcher
	// From and To bound [Event.At]: From is inside, To is not.
	From, To time.Time
	// After selects the events that come after this one. See [Event.Position].
	After Position
	// Limit keeps the newest ones; 0 keeps all.
	Limit int
}

// Validate checks the query.
func (q *EventQuery) Validate() error {
	return checkSearch(q.Matchers, &q.After, q.From, q.To, q.Limit)
}

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
