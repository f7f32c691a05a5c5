package pproftrim

import (
	"cmp"
	"math"
	"slices"
)

// bySize returns the places of the samples, the largest first. A sample is as
// large as its largest share of a column: of a heap profile, what allocated most
// is kept as well as what holds most.
func (p *profile) bySize() ([]int, error) {
	total := make([]float64, p.columns)
	var s sample
	for place := range p.samples {
		if err := s.read(p, place); err != nil {
			return nil, err
		}
		for i, v := range s.values {
			total[i] += math.Abs(float64(v))
		}
	}
	share := make([]float64, len(p.samples))
	places := make([]int, len(p.samples))
	for place := range p.samples {
		places[place] = place
		if err := s.read(p, place); err != nil {
			return nil, err
		}
		for i, v := range s.values {
			if total[i] > 0 {
				share[place] = max(share[place], math.Abs(float64(v))/total[i])
			}
		}
	}
	slices.SortStableFunc(places, func(a, b int) int { return cmp.Compare(share[b], share[a]) })
	return places, nil
}
