package capture

import (
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sort"
	"unsafe"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/eventstore"
	"github.com/go-holmes/holmes/internal/humanize"
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
			top = slices.Insert(top, at, i)
			top = top[:min(len(top), maxTopSites)]
		}
	}
	return top
}

// errHaste is why a whole heap profile was not taken.
var errHaste = errors.New("might not be complete before memory is full")

// inHaste reports whether the process may end before a whole heap profile is taken, which
// needs that many bytes: memory grows meanwhile.
func (e *Evidence) inHaste(needs uint64) bool {
	return e.Left > 0 && (needs > e.room()/2 || e.Left/2 < e.heapTime())
}

// putTopSites writes the substitute of a heap profile. p.Err is why there is no whole one,
// if it does not fit.
func (e *Evidence) putTopSites(p *event.Profile) {
	why := cmp.Or(p.Err, errHaste)
	expected := estimate{bytes: e.top.needs()}
	if e.affords(expected) != nil {
		return // the reason is that of the whole profile
	}
	e.Event.Cost.PredictedBytes += expected.bytes
	p.Err = nil
	e.capture(func() {
		raw, written, of, err := e.top.take()
		if p.Err = err; err == nil {
			p.Note = humanize.Join(p.Note, fmt.Sprintf("only the %d largest of %d sites that hold memory: a whole profile %v", written, of, why))
			e.put(p, eventstore.Content(raw), false)
		}
	})
}
