package merge

import "bytes"

// DiffOptions say how a base is subtracted.
type DiffOptions struct {
	// Normalize multiplies the values of the source first, so that each total
	// is that of the base: a comparison of shares, where one side has more
	// profiles or more load than the other. As go tool pprof -normalize does.
	Normalize bool
	// Label gives the stacks of the base the label pprof::base, by which go tool
	// pprof shows differences in relation to the base, as with -diff_base.
	// Without it, they are taken off those of the source, as with -base.
	Label bool
}

// Diff subtracts base from source, which becomes the difference. base stays as
// it is.
func Diff(source, base *Fold, o DiffOptions) error {
	if o.Normalize {
		source.normalize(base)
	}
	var b bytes.Buffer
	if err := base.encode(&b); err != nil {
		return err
	}
	of := source.profiles + base.profiles
	if err := source.add(b.Bytes(), -1, o.Label); err != nil {
		return err
	}
	source.profiles = of
	source.trimmed += base.trimmed
	return nil
}

// normalize makes the totals those of base, as far as there are any.
func (f *Fold) normalize(base *Fold) {
	mine, theirs := f.Totals(), base.Totals()
	by := make([]float64, len(f.columns))
	for i, column := range f.columns {
		for j, other := range base.columns {
			if column == other && mine[i] != 0 {
				by[i] = float64(theirs[j]) / float64(mine[i])
			}
		}
	}
	f.stacks.scale(by)
}
