package pproftext

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A stack is all samples with the same frames. The sums are floats: those of a
// hostile profile must not wrap round.
type stack struct {
	sample       pprofread.Sample // one of them
	value, count float64
	place        int // in the order of the profile
}

// group returns the distinct stacks of p that weigh anything, the largest
// first, and what they weigh together. Stacks of the same weight stay in the
// order of the profile.
func group(p *pprofread.Profile, column pprofread.Column) (stacks []*stack, total float64) {
	// A key is four bytes a frame, so that a profile of many deep stacks costs
	// no more than the profile itself.
	byKey := make(map[string]*stack)
	var key []byte
	for s := range p.Samples() {
		value := float64(column.Value(s))
		if value == 0 {
			continue
		}
		key = key[:0]
		for _, location := range s.Stack() {
			key = binary.LittleEndian.AppendUint32(key, location)
		}
		st := byKey[string(key)]
		if st == nil {
			st = &stack{sample: s, place: len(stacks)}
			byKey[string(key)] = st
			stacks = append(stacks, st)
		}
		st.value += value
		st.count += float64(column.Count(s))
		total += value
	}
	slices.SortFunc(stacks, func(a, b *stack) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(a.place, b.place))
	})
	return stacks, total
}
