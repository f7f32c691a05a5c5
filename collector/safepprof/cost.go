package safepprof

// The bytes that github.com/google/pprof/profile allocates for the parts of a
// profile on 64-bit systems: an upper bound, as TestCostIsABound shows.
// Sizes are those of its structs, rounded up to what the allocator gives.
//
// A slice that is appended to is copied whenever it is full. All its copies
// together take up to 6.5 times its final size while it grows by a quarter, and
// up to 4 times while it doubles, which is until 256 elements.
const (
	growing  = 13.0 / 2
	doubling = 4

	pointer = 8 * growing // an entry in the list of samples, locations, ...
	byID    = 40 + 10     // an entry in the map and in the slice from IDs

	costBase       = 32 << 10
	costString     = 16 * growing // its header; the bytes are extra
	costSample     = 128 + pointer
	costSampleType = 64 + pointer
	costMapping    = 112 + pointer + byID
	costFunction   = 96 + pointer + byID
	costLocation   = 64 + pointer + byID + 16
	costLine       = 40           // in the location
	costMoreLines  = 32 * growing // in the buffer that all locations share
	costComment    = 8*growing + 16*growing + 8

	costPacked = 10          // a number in a slice that is made at its size
	costNumber = 8 * growing // a number in one that grows
	costRun    = 24
	costFrame  = 8 // the pointer to a location, next to its number

	costLabel     = 32 * growing // of those that a sample has the list of
	costMaps      = 3 * 48       // the maps by label that a sample with one has
	costFirst     = 352          // in a map, the first entry
	costManyMaps  = 3 * 100      // and what they take for each if there are many
	manyLabels    = 8
	costLabelText = 16 * growing
	costLabelNum  = 8*growing + 2*16*growing
)

// costBytes is what a string's bytes take.
func costBytes(n int64) float64 {
	if n == 0 {
		return 0
	}
	return float64(n) + float64(n)/4 + 16
}

// costRunOf is what a run of numbers costs, the first of its sample or another.
func costRunOf(n int, packed, first bool) float64 {
	if packed && first {
		return costRun + costPacked*float64(n)
	}
	return costRun + costNumber*float64(n)
}

// Labels are those of one sample, as they count.
type labels struct {
	n                   int
	text, number, units bool // whether there is one
	cost                float64
}

// add counts one label.
func (l *labels) add(text, number, unit uint64) {
	l.n++
	switch {
	case text != 0:
		l.text = true
		l.cost += costLabelText
	case number != 0 || unit != 0:
		l.number = true
		l.units = l.units || unit != 0
		l.cost += costLabelNum
	}
}

// total is what they cost together.
func (l *labels) total() float64 {
	if l.n == 0 {
		return 0
	}
	cost := l.cost + costMaps + costLabel*float64(l.n)
	for _, used := range []bool{l.text, l.number, l.units} {
		if used {
			cost += costFirst
		}
	}
	if l.n > manyLabels {
		cost += costManyMaps * float64(l.n)
	}
	return cost
}
