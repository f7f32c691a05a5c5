package merge

import (
	"time"
)

// A Backlog is what is not rolled up although its time has come. Queries read these
// profiles one by one.
type Backlog struct {
	// Profiles are those of hours. A profile that is found under several kinds counts
	// for each.
	Profiles int
	// Periods are the hours and days.
	Periods int
	// Behind is how long the one that waits the longest does.
	Behind time.Duration
}

// Backlog returns how far the roll-ups are behind what has arrived. It is zero without
// [Config].Dir, and before the first round.
func (m *Merger) Backlog() (b Backlog) {
	if m.rollups == nil {
		return b
	}
	now := m.config.Now()
	m.rollups.mu.Lock()
	defer m.rollups.mu.Unlock()
	for p, t := range m.rollups.waiting {
		due := p.due()
		if t.since.After(due) {
			due = t.since
		}
		if now.Before(due) || m.expired(p, now) {
			continue
		}
		b.Periods++
		if p.level == 0 {
			b.Profiles += t.profiles
		}
		b.Behind = max(b.Behind, now.Sub(due))
	}
	return b
}

// expired reports whether the roll-up of a period is too old.
func (m *Merger) expired(p period, now time.Time) bool {
	age := m.config.HourAge
	if p.level > 0 {
		age = m.config.DayAge
	}
	return now.Sub(p.at.Add(periods()[p.level])) > age
}
