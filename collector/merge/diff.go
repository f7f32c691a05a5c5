package merge

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// DiffOptions say how a base is subtracted.
type DiffOptions struct {
	// Balance multiplies the values of the base first, so that they are of as much
	// time and of as many instances as those of the source, see [Balance].
	Balance bool
	// Normalize multiplies the values of the source first, so that each total
	// is that of the base: a comparison of shares, where one side has more
	// profiles or more load than the other. As go tool pprof -normalize does.
	Normalize bool
	// Label gives the stacks of the base the label pprof::base, by which go tool
	// pprof shows differences in relation to the base, as with -diff_base.
	// Without it, they are taken off those of the source, as with -base.
	Label bool
}

// Balance returns what the values of a base are multiplied by to be compared with
// others, and why. Flows are brought to the same time, snapshots and rates to as
// many instances.
func Balance(source, base *Measure) (by float64, why string) {
	mine, theirs, to := float64(source.Profiles), float64(base.Profiles), "to as many profiles"
	words := func(v float64) string { return strconv.Itoa(int(v)) }
	switch total := source.Over == Total && base.Over == Total; {
	case total && source.Seconds > 0 && base.Seconds > 0:
		mine, theirs, to, words = source.Seconds, base.Seconds, "to the same time", lasting
		if source.PerInstance {
			mine, theirs = mine/float64(source.Instances), theirs/float64(base.Instances)
		}
	case source.Over == SinceStart && base.Over == SinceStart, total:
	default:
		mine, theirs, to = float64(source.Instances), float64(base.Instances), "to as many instances"
		if source.PerInstance {
			return 1, ""
		}
	}
	if mine == theirs || mine == 0 || theirs == 0 {
		return 1, ""
	}
	by = mine / theirs
	return by, fmt.Sprintf("scaled by %.3g %s (%s against %s)", by, to, words(mine), words(theirs))
}

// Diff subtracts base from source, which becomes the difference. base stays as
// it is.
func Diff(source, base *Fold, o DiffOptions) error {
	source.settle()
	if o.Normalize {
		source.normalize(base)
	}
	columns, comments := base.columns, base.header.comments
	noted := base.noted
	defer func() { base.columns, base.header.comments, base.noted = columns, comments, noted }()
	base.columns, base.header.comments, base.noted = slices.Clone(columns), nil, false
	for i := range base.columns {
		c := &base.columns[i]
		n := slices.IndexFunc(source.columns, func(s column) bool { return s.Type == c.Type })
		if n < 0 {
			continue
		}
		mine, theirs := source.Measure(n), base.Measure(i)
		note := strings.TrimSuffix(noteOf(c.Type), ": ") + noteBefore + theirs.Text
		if by, why := Balance(&mine, &theirs); o.Balance && why != "" {
			c.scale *= by
			note += ", " + why
		}
		base.header.comments = append(base.header.comments, note)
	}
	var b bytes.Buffer
	if err := base.encode(&b); err != nil {
		return err
	}
	minus := func(string) int64 { return -1 }
	if err := source.add(b.Bytes(), addition{weigh: minus, base: o.Label, uncounted: true}); err != nil {
		return err
	}
	source.profiles += base.profiles
	source.skipped += base.skipped
	source.trimmed += base.trimmed
	return nil
}

// settle stores the values as what they mean, rounded.
func (f *Fold) settle() {
	by := make([]float64, len(f.columns))
	for i := range f.columns {
		by[i], f.columns[i].scale = f.columns[i].scale, 1
	}
	if slices.ContainsFunc(by, func(scale float64) bool { return scale != 1 }) {
		f.stacks.scale(by)
	}
}

// normalize makes the totals those of base, as far as there are any.
func (f *Fold) normalize(base *Fold) {
	mine, theirs := f.Totals(), base.Totals()
	by := make([]float64, len(f.columns))
	for i, column := range f.columns {
		for j, other := range base.columns {
			if column.Type == other.Type && sameQuantity(column.Unit, other.Unit) && mine[i] != 0 {
				by[i] = float64(theirs[j]) / float64(mine[i]) * float64(quantityOf(other.Unit).size) / float64(quantityOf(column.Unit).size)
			}
		}
	}
	f.stacks.scale(by)
}
