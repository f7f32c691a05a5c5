package collector

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"
)

// A Total is the sum of the values of one sample type of a profile.
type Total struct {
	Type  string `json:"type"`
	Unit  string `json:"unit"`
	Value int64  `json:"value"`
}

// A TimelineQuery asks for the totals of one sample type over time.
type TimelineQuery struct {
	// Query selects the profiles. From and To are required; Limit and After are
	// not used.
	Query
	// Type is the sample type, such as cpu or inuse_space.
	Type string
	// Step is the length of the steps, which begin at From.
	Step time.Duration
	// By is the label, or [NameService] or [NameType], whose values get a line
	// each; "" is one line for all. The kind is that of the sample type, see [Kind.Of].
	By string
}

// maxSteps bounds the points of a line.
const maxSteps = 11_000

// Validate checks the query.
func (q *TimelineQuery) Validate() error {
	switch {
	case q.From.IsZero() || q.To.IsZero():
		return Errorf(Invalid, "a timeline needs from and to")
	case q.Type == "":
		return Errorf(Invalid, "a timeline needs a sample type")
	case q.Step <= 0:
		return Errorf(Invalid, "step %v is not above 0", q.Step)
	case q.To.Sub(q.From)/q.Step >= maxSteps:
		return Errorf(TooLarge, "more than %d steps", maxSteps)
	}
	return q.Query.Validate()
}

// A Line is a line of a timeline. Values of different units have lines of their own.
type Line struct {
	By, Unit string
	// Points are the steps that have profiles with such a value, in order.
	Points []Point
}

// A Point is the profiles that were created in one step.
type Point struct {
	At       time.Time // the begin of the step
	Value    int64     // the sum of their totals
	Profiles int
	// Duration is the sum of their durations.
	Duration time.Duration
}

// A Lines collects the lines of a timeline: stores use it.
type Lines struct {
	from, step int64
	lines      map[lineKey]steps
	points     [][]Point // of all lines, in pieces of pointPiece
}

type lineKey struct{ by, unit string }

// Steps are where a line's points are, plus one, by their steps in pieces: most lines of
// a fleet have few points.
type steps map[int64]*[stepPiece]int32

const (
	stepPiece  = 64
	pointPiece = 1024
)

// NewLines begins the lines of a valid query.
func NewLines(q *TimelineQuery) *Lines {
	return &Lines{from: q.From.UnixNano(), step: int64(q.Step), lines: map[lineKey]steps{}}
}

// Add adds a profile that was created at, in nanoseconds since 1970.
func (l *Lines) Add(by, unit string, at, value int64, duration time.Duration) {
	key := lineKey{by, unit}
	line := l.lines[key]
	if line == nil {
		line = steps{}
		l.lines[key] = line
	}
	n := (at - l.from) / l.step
	piece := line[n/stepPiece]
	if piece == nil {
		piece = new([stepPiece]int32)
		line[n/stepPiece] = piece
	}
	place := &piece[n%stepPiece]
	if *place == 0 {
		*place = l.begin(Point{At: time.Unix(0, l.from+n*l.step).UTC()})
	}
	p := l.point(*place)
	p.Value += value
	p.Profiles++
	p.Duration += duration
}

// begin adds a point, and returns its place.
func (l *Lines) begin(p Point) int32 {
	last := len(l.points) - 1
	if last < 0 || len(l.points[last]) == pointPiece {
		l.points = append(l.points, make([]Point, 0, pointPiece))
		last++
	}
	l.points[last] = append(l.points[last], p)
	return int32(last*pointPiece + len(l.points[last]))
}

func (l *Lines) point(place int32) *Point {
	return &l.points[(place-1)/pointPiece][(place-1)%pointPiece]
}

// Sorted returns the lines, sorted by their names, with their points in order.
func (l *Lines) Sorted() []Line {
	lines := []Line{}
	for key, pieces := range l.lines {
		line := Line{By: key.by, Unit: key.unit}
		for _, n := range slices.Sorted(maps.Keys(pieces)) {
			for _, place := range pieces[n] {
				if place > 0 {
					line.Points = append(line.Points, *l.point(place))
				}
			}
		}
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.By, b.By), cmp.Compare(a.Unit, b.Unit)) })
	return lines
}

// Timeline answers a query by a search. It is the reference for [Store.Timeline].
func Timeline(ctx context.Context, store Store, q TimelineQuery) ([]Line, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	q.Limit, q.After = 0, Position{}
	lines := NewLines(&q)
	for m, err := range store.Find(ctx, q.Query) {
		if err != nil {
			return nil, err
		}
		by := ""
		switch q.By {
		case "":
		case NameService:
			by = m.Service
		case NameType:
			by = string(m.Kind.Of(q.Type))
		default:
			by = m.Labels.Get(q.By)
		}
		for _, t := range m.Totals {
			if t.Type == q.Type {
				lines.Add(by, t.Unit, m.CreatedAt.UnixNano(), t.Value, m.Duration)
			}
		}
	}
	return lines.Sorted(), nil
}
