package merge

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/go-holmes/holmes/collector"
)

// A series is what is rolled up together.
type series struct {
	service string
	kind    collector.Kind
}

// periods are how long roll-ups are, the shortest first.
func periods() []time.Duration { return []time.Duration{time.Hour, 24 * time.Hour} }

// samePeriod reports whether two times fall into the same period of a level.
func samePeriod(a, b time.Time, level int) bool {
	return begin(a, level).Equal(begin(b, level))
}

// begin is when the period of a level began that a time falls into.
func begin(at time.Time, level int) time.Time { return at.UTC().Truncate(periods()[level]) }

// A period is the time that a roll-up covers.
type period struct {
	series series
	level  int
	at     time.Time
}

func (p *period) query() collector.Query {
	return collector.Query{Service: p.series.service, Kind: p.series.kind, From: p.at, To: p.at.Add(periods()[p.level])}
}

// due is when a period is rolled up.
func (p *period) due() time.Time { return p.at.Add(periods()[p.level] + grace) }

// minRolled is how many profiles are worth a roll-up.
const minRolled = 4

// printOf is a fingerprint of one ID. Those of a set are added up, so that the
// order makes no difference.
func printOf(id string) uint64 {
	sum := sha256.Sum256([]byte(id))
	return binary.LittleEndian.Uint64(sum[:])
}

func comparePeriods(p, q period) int {
	return cmp.Or(cmp.Compare(p.level, q.level), q.at.Compare(p.at),
		cmp.Compare(p.series.service, q.series.service), cmp.Compare(p.series.kind, q.series.kind))
}

const (
	// grace is how long after its end a period is rolled up: profiles come
	// late.
	grace = 10 * time.Minute
)
