package capture

import (
	"compress/gzip"
	"errors"
	"runtime"
	"sort"
	"unsafe"

	"github.com/go-holmes/holmes/internal/pprofread"
)

// A whole heap profile has each site that has ever allocated, and what it takes is known
// only when it is taken: 40 MB and a third of a second for 131 072 sites. Its substitute
// has the sites that hold the most memory now. It takes a record for each site that
// holds any, and no more than baseBytes beside them.
const (
	maxTopSites = 512
	recordBytes = uint64(unsafe.Sizeof(runtime.MemProfileRecord{}))
)

// topSites takes the substitutes of one event, in the same memory.
type topSites struct {
	records []runtime.MemProfileRecord
	missing int // for how many records there must be memory, 0 if there is enough
}

// needs returns what the next call of take needs. Counting the sites takes 10 ms for
// 131 072 of them, so it is done once.
func (t *topSites) needs() uint64 {
	t.missing = 0
	if sites, _ := runtime.MemProfile(nil, false); sites+sites/128 > len(t.records) {
		t.missing = sites + sites/64 + 50 // sites are added meanwhile
	}
	return baseBytes + uint64(t.missing)*recordBytes
}

var errSitesAdded = errors.New("too many allocation sites were added meanwhile")

// take returns the substitute, and how many sites it has of all that hold memory.
func (t *topSites) take() (raw []byte, written, of int, err error) {
	if t.missing > 0 {
		t.records = make([]runtime.MemProfileRecord, t.missing)
	}
	n, ok := runtime.MemProfile(t.records, false)
	if !ok {
		return nil, 0, 0, errSitesAdded
	}
	records := t.records[:n]
	top := largest(records)
	rate := int64(runtime.MemProfileRate)
	b := newHeapBuilder(rate)
	var rest siteValues // in one sample without a stack, so that the sum is right
	for i := range records {
		rest.add(&records[i], rate, 1)
	}
	for _, i := range top {
		rest.add(&records[i], rate, -1)
		b.sample(scaled(&records[i], rate), records[i].Stack())
	}
	if len(top) < n {
		b.sample(rest, nil)
	}
	raw, err = pprofread.Deflate(b.out, gzip.BestSpeed)
	return raw, len(top), n, err
}

// largest returns the indexes of the records with the most memory in use, the largest
// first.
func largest(records []runtime.MemProfileRecord) (top []int) {
	top = make([]int, 0, maxTopSites+1)
	for i := range records {
		at := sort.Search(len(top), func(j int) bool { return records[top[j]].InUseBytes() < records[i].InUseBytes() })
		if at < maxTopSites {
			top = append(top, 0)
			copy(top[at+1:], top[at:])
			top[at] = i
			top = top[:min(len(top), maxTopSites)]
		}
	}
	return top
}
