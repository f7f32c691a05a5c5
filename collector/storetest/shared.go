package storetest

import (
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

type sharedTest struct {
	name string
	run  func(first, second *subject)
}

// shared lists the tests with two stores of one place that are open at once.
func shared() []sharedTest {
	return []sharedTest{
		{"another store finds what was committed", findsOfTheOther},
		{"two stores store a key once", storesAKeyOnceInTwo},
		{"another store forgets what was deleted", forgetsOfTheOther},
	}
}

func findsOfTheOther(first, second *subject) {
	m, e := first.put(first.profile()), first.putEvent(first.event())
	second.holds(m)
	second.requireEvent(e)
	m = second.put(second.profile())
	first.holds(m)
	require.Equal(first, ids(first.found(collector.Query{})), ids(second.found(collector.Query{})))
}

func storesAKeyOnceInTwo(first, second *subject) {
	for range 10 {
		e := first.event()
		receipts, errs := make([]collector.Receipt, 8), make([]error, 8)
		var senders sync.WaitGroup
		for i := range receipts {
			store := first.Store
			if i%2 == 1 {
				store = second.Store
			}
			senders.Go(func() {
				receipts[i], errs[i] = put(first.Context(), store, collector.Record{Key: collector.EventKey(e.ID), Event: e})
			})
		}
		senders.Wait()
		created := 0
		for i, r := range receipts {
			require.NoError(first, errs[i])
			require.Equal(first, receipts[0].Profiles, r.Profiles)
			if r.Created {
				created++
			}
		}
		require.Equal(first, 1, created)
	}
	require.Len(first, first.foundEvents(collector.EventQuery{}), 10)
	require.Len(first, second.foundEvents(collector.EventQuery{}), 10)
}

func forgetsOfTheOther(first, second *subject) {
	deleter, ok := first.Store.(collector.Deleter)
	if !ok {
		first.Skip("the store does not delete by request")
	}
	m := second.put(second.profile())
	_, err := deleter.Delete(first.Context(), collector.Selection{Profile: m.ID})
	require.NoError(first, err)
	_, err = second.Open(second.Context(), m.ID)
	second.requireCode(collector.NotFound, err)
	require.Empty(first, second.found(collector.Query{}))
}
