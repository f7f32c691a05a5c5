package render

import (
	"iter"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/merge"
)

// A Norm is what the values of a base are multiplied by to be compared.
type Norm string

// The norms. Balanced is the default: to the same time and to as many instances, see
// [merge.Balance].
const (
	Balanced Norm = ""
	Totals   Norm = "true"  // to the same total: shares are compared
	AsIs     Norm = "false" // nothing
)

// A Drawing is the values of one type, or the difference of two such.
type Drawing struct {
	Fold, Base *merge.Fold // Base is nil if nothing is compared
	Value      string      // type of the values
	Unit       string
	// Measure says what the values are, BaseMeasure the same of the base.
	Measure, BaseMeasure merge.Measure
	// By is what the values of the base are multiplied by, and Why is that in
	// words, "" for 1.
	By  float64
	Why string

	column, baseColumn int
}

// NewDrawing returns the values of a type, "" for those that say the most.
func NewDrawing(f, base *merge.Fold, value string, norm Norm) (*Drawing, error) {
	d := &Drawing{Fold: f, Base: base, By: 1}
	var err error
	if d.column, err = f.Column(value); err != nil {
		return nil, err
	}
	column := f.Columns()[d.column]
	d.Value, d.Unit, d.Measure = column.Type, column.Unit, f.Measure(d.column)
	if base == nil {
		return d, nil
	}
	if d.baseColumn, err = base.Column(d.Value); err != nil {
		return nil, collector.Prefix(err, "the base")
	}
	d.BaseMeasure = base.Measure(d.baseColumn)
	switch norm {
	case Totals:
		mine, theirs := float64(f.Totals()[d.column]), float64(base.Totals()[d.baseColumn])*d.baseUnit()
		if theirs != 0 {
			d.By, d.Why = mine/theirs, "scaled to the same total"
		}
	case AsIs:
		d.Why = "not scaled"
	default:
		d.By, d.Why = merge.Balance(&d.Measure, &d.BaseMeasure)
	}
	return d, nil
}

// baseUnit is how many units of the values the unit of the base has.
func (d *Drawing) baseUnit() float64 {
	return merge.UnitRatio(d.Base.Columns()[d.baseColumn].Unit, d.Unit)
}

// Of says what the values are, and what is left out.
func (d *Drawing) Of() string {
	if d.Base == nil {
		return d.Measure.Of()
	}
	text := d.Measure.Of()
	if before := d.BaseMeasure.Of(); before != text {
		text += ", before: " + before
	}
	if d.Why != "" {
		text += ", " + d.Why
	}
	return text
}

// Missing says what does not count, of both sides.
func (d *Drawing) Missing() string {
	text := d.Measure.Missing()
	if d.Base != nil {
		if before := d.BaseMeasure.Missing(); before != "" && text != "" {
			return text + "; before: " + before
		} else if before != "" {
			return "before: " + before
		}
	}
	return text
}

// Options are what the values say about their picture.
func (d *Drawing) Options() flame.Options {
	o := flame.Options{
		Title: d.Value, Unit: d.Unit, Of: d.Of(), Note: d.Missing(), Diff: d.Base != nil, Scale: d.Fold.Scale(d.column),
	}
	if d.Base != nil {
		o.BaseScale = d.Base.Scale(d.baseColumn) * d.baseUnit() * d.By
	}
	return o
}

// Stacks are the stacks that are drawn, those of the base included.
func (d *Drawing) Stacks() iter.Seq[flame.Stack] {
	return func(yield func(flame.Stack) bool) {
		var frames []flame.Frame
		for calls, v := range d.Fold.Stacks(d.column) {
			frames = appendFrames(frames[:0], calls)
			if !yield(flame.Stack{Frames: frames, Value: float64(v)}) {
				return
			}
		}
		if d.Base == nil {
			return
		}
		for calls, v := range d.Base.Stacks(d.baseColumn) {
			frames = appendFrames(frames[:0], calls)
			if !yield(flame.Stack{Frames: frames, Base: float64(v)}) {
				return
			}
		}
	}
}

func appendFrames(to []flame.Frame, calls []merge.Frame) []flame.Frame {
	for _, c := range calls {
		to = append(to, flame.Frame(c))
	}
	return to
}

// Subtract makes a profile of a difference, in which label tells the base apart.
func (d *Drawing) Subtract(label bool, norm Norm) error {
	if d.Base == nil {
		return nil
	}
	return merge.Diff(d.Fold, d.Base, merge.DiffOptions{Label: label, Normalize: norm == Totals, Balance: norm == Balanced})
}

// Trim keeps the stacks with the largest values, and adds the others up as one.
func (d *Drawing) Trim(stacks int) { d.Fold.Trim(stacks, d.column) }
