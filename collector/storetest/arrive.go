package storetest

import (
	"errors"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// arrived reads the arrivals after a mark.
func (s *subject) arrived(mark string) (all []string, next string) {
	s.Helper()
	next, err := s.Arrivals(s.Context(), mark, func(m collector.Meta) error {
		require.NotEmpty(s, m.Service)
		require.NotEmpty(s, m.Kinds())
		all = append(all, m.ID)
		return nil
	})
	require.NoError(s, err)
	return all, next
}

func tellsWhatArrives(s *subject) {
	all, mark := s.arrived("")
	require.Empty(s, all)
	late := s.profile()
	late.CreatedAt = late.CreatedAt.AddDate(-1, 0, 0) // the order is that of the arrival
	first, second, e := s.put(s.profile()), s.put(late), s.putEvent(s.event())
	want := []string{first.ID, second.ID}
	for _, m := range e.Profiles {
		want = append(want, m.ID)
	}
	all, next := s.arrived(mark)
	require.Equal(s, want, all)
	again, _ := s.arrived(mark)
	require.Equal(s, want, again)
	all, next = s.arrived(next)
	require.Empty(s, all)
	third := s.put(s.profile())
	all, _ = s.arrived(next)
	require.Equal(s, []string{third.ID}, all)

	failed := errors.New("failed")
	same, err := s.Arrivals(s.Context(), next, func(collector.Meta) error { return failed })
	require.ErrorIs(s, err, failed)
	require.Equal(s, next, same)
	_, err = s.Arrivals(s.Context(), "nonsense", func(collector.Meta) error { return nil })
	s.requireCode(collector.Invalid, err)
	s.restart()
	all, _ = s.arrived("")
	require.Equal(s, append(want, third.ID), all)
}

// Each upload arrives once, although those that began before others may end after them.
func tellsOnceWhatArrives(s *subject) {
	const senders, uploads = 8, 60
	var sending sync.WaitGroup
	var mu sync.Mutex
	var stored, told []string
	for range senders {
		sending.Go(func() {
			for range uploads {
				mu.Lock()
				m := s.profile()
				mu.Unlock()
				receipt, err := put(s.Context(), s.Store, collector.Record{Profile: &m})
				if err != nil {
					s.Error(err)
					return
				}
				mu.Lock()
				stored = append(stored, receipt.Profiles[0].ID)
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { sending.Wait(); close(done) }()
	mark := ""
	for ended := false; !ended; {
		select {
		case <-done:
			ended = true // and once more
		default:
		}
		var all []string
		all, mark = s.arrived(mark)
		told = append(told, all...)
	}
	require.ElementsMatch(s, stored, told)
}
