package pprofread

import "slices"

// A Column is one of the values that every sample of a profile carries, and
// the column that counts what is behind it.
type Column struct {
	// Type and Unit are as in the profile: "inuse_space" in "bytes".
	Type, Unit string
	// CountType is the type of the counting column: "inuse_objects". It is
	// Type itself for a profile of counts, and empty when there is none.
	CountType string

	value, count int
}

// columns returns the value column that speaks for a kind of profile and the
// column that counts, both empty for a kind that is not known here.
func columns(kind string) (value, count string) {
	switch kind {
	case "cpu":
		return "cpu", "samples"
	case "heap":
		return "inuse_space", "inuse_objects"
	case "alloc": // the same profile: all that was ever allocated
		return "alloc_space", "alloc_objects"
	case "goroutine", "threadcreate":
		return kind, kind
	case "mutex", "block":
		return "delay", "contentions"
	default:
		return "", ""
	}
}

// ColumnOf finds the column of p that speaks for kind. For a kind that is not
// known it is the one that p itself names as its default, or the last. It is
// false when p has no such column.
func ColumnOf(p *Profile, kind string) (Column, bool) {
	if p == nil {
		return Column{}, false
	}
	valueType, countType := columns(kind)
	value, count := index(p, valueType), index(p, countType)
	if valueType == "" {
		value = index(p, p.DefaultSampleType)
		if value < 0 {
			value = len(p.SampleTypes) - 1
		}
	}
	if value < 0 {
		return Column{}, false
	}
	c := Column{Type: p.SampleTypes[value].Type, Unit: p.SampleTypes[value].Unit, value: value, count: count}
	if count >= 0 {
		c.CountType = p.SampleTypes[count].Type
	}
	return c, true
}

// KindOf tells a profile's kind from its columns. A profile of contentions is
// "mutex", since a block profile looks the same; "" is no kind known here.
func KindOf(p *Profile) string {
	for _, kind := range []string{"cpu", "heap", "goroutine", "threadcreate", "mutex"} {
		if _, ok := ColumnOf(p, kind); ok {
			return kind
		}
	}
	return ""
}

func index(p *Profile, typ string) int {
	if typ == "" {
		return -1
	}
	return slices.IndexFunc(p.SampleTypes, func(v ValueType) bool { return v.Type == typ })
}

// Value returns what s weighs, at least 0.
func (c Column) Value(s Sample) int64 { return at(s, c.value) }

// Count returns how many things are behind the value, at least 0.
func (c Column) Count(s Sample) int64 { return at(s, c.count) }

func at(s Sample, i int) int64 {
	values := s.Values()
	if i < 0 || i >= len(values) {
		return 0
	}
	return max(values[i], 0)
}
