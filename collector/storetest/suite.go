package storetest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

type test struct {
	name string
	run  func(*subject)
}

// suite lists the tests; their names are the rules.
func suite() []test {
	return []test{
		{"keeps a profile", keepsAProfile},
		{"keeps an event", keepsAnEvent},
		{"keeps an event without profiles", keepsAnEmptyEvent},
		{"keeps everything over a restart", keepsOverARestart},
		{"finds by every field", findsByEveryField},
		{"finds events by every field", findsEventsByEveryField},
		{"finds what arrived out of order", findsOutOfOrder},
		{"finds the newest first", findsTheNewestFirst},
		{"finds what is inside the window", findsInsideTheWindow},
		{"finds what a simple search finds", findsAsTheModel},
		{"finds several kinds", findsSeveralKinds},
		{"keeps odd names apart", keepsOddNamesApart},
		{"finds by matchers", findsByMatchers},
		{"finds events by matchers", findsEventsByMatchers},
		{"pages through equal times", pagesThroughEqualTimes},
		{"pages through events", pagesThroughEvents},
		{"keeps totals", keepsTotals},
		{"draws timelines", drawsTimelines},
		{"lists services", listsServices},
		{"lists labels", listsLabels},
		{"opens all in order", opensAllInOrder},
		{"tells what arrives", tellsWhatArrives},
		{"tells once what arrives", tellsOnceWhatArrives},
		{"deletes by request", deletesByRequest},
		{"stores a key once", storesAKeyOnce},
		{"stores a key once at the same time", storesAKeyOnceAtOnce},
		{"says what it does not have", saysWhatItDoesNotHave},
		{"refuses what makes no sense", refusesNonsense},
		{"forgets a discarded draft", forgetsADiscardedDraft},
		{"reads a draft back", readsADraftBack},
		{"answers while it is asked", answersWhileItIsAsked},
		{"ends with its context", endsWithItsContext},
		{"lets two read beside a writer", letsTwoReadBesideAWriter},
		{"keeps an open file", keepsAnOpenFile},
	}
}

func keepsAProfile(s *subject) {
	m := s.profile()
	got := s.put(m)
	m.ID, m.Size, m.ReceivedAt = got.ID, int64(len(contentOf(&m))), got.ReceivedAt
	require.Equal(s, m, got)
	require.NotEmpty(s, got.ID)
	require.False(s, got.ReceivedAt.IsZero())
	s.holds(got)
}

func keepsAnEvent(s *subject) {
	e := s.putEvent(s.event())
	s.requireEvent(e)
	require.NotEqual(s, e.Profiles[0].ID, e.Profiles[1].ID)
	for _, m := range e.Profiles {
		require.Equal(s, e.ID, m.Event)
		s.holds(m)
	}
}

// requireEvent checks that an event can be found, listed and read.
func (s *subject) requireEvent(e collector.Event) {
	s.Helper()
	got, err := s.Event(s.Context(), e.ID)
	require.NoError(s, err)
	require.Equal(s, e, got)
	require.Contains(s, s.foundEvents(collector.EventQuery{Service: e.Service}), e)
	f, err := s.OpenFile(s.Context(), e.ID, collector.EventFile)
	require.NoError(s, err)
	raw, err := io.ReadAll(f)
	require.NoError(s, err)
	require.Equal(s, eventContent(e.ID), string(raw))
	require.NoError(s, f.Close())
	for _, m := range e.Profiles {
		f, err := s.OpenFile(s.Context(), e.ID, m.File)
		require.NoError(s, err)
		require.Equal(s, m, f.Meta)
		require.NoError(s, f.Close())
	}
}

func keepsAnEmptyEvent(s *subject) {
	e := s.event()
	e.Profiles, e.Culprits = nil, nil
	stored := s.putEvent(e)
	got, err := s.Event(s.Context(), e.ID)
	require.NoError(s, err)
	stored.ReceivedAt = got.ReceivedAt
	s.requireEvent(stored)
	require.Empty(s, s.found(collector.Query{Event: e.ID}))
}

func keepsOverARestart(s *subject) {
	m, e := s.put(s.profile()), s.putEvent(s.event())
	for range 2 {
		s.restart()
		s.holds(m)
		s.requireEvent(e)
		m2 := s.put(s.profile())
		s.holds(m2)
	}
	require.Len(s, s.found(collector.Query{}), 5)
}

func listsServices(s *subject) {
	names, err := s.Services(s.Context())
	require.NoError(s, err)
	require.Empty(s, names)
	for _, name := range []string{"b", "a", "b"} {
		m := s.profile()
		m.Service = name
		s.put(m)
	}
	e := s.event()
	e.Service, e.Profiles = "c", nil
	s.putEvent(e)
	for range 2 {
		names, err = s.Services(s.Context())
		require.NoError(s, err)
		require.Equal(s, []string{"a", "b", "c"}, names)
		s.restart()
	}
}

func storesAKeyOnce(s *subject) {
	e := s.event()
	stored := s.putEvent(e)
	m := s.profile()
	first, err := put(s.Context(), s.Store, collector.Record{Key: "k", Profile: &m})
	require.NoError(s, err)
	for range 2 {
		r, err := put(s.Context(), s.Store, collector.Record{Key: collector.EventKey(e.ID), Event: e})
		require.NoError(s, err)
		require.Equal(s, collector.Receipt{Event: e.ID, Profiles: stored.Profiles}, r)
		r, err = put(s.Context(), s.Store, collector.Record{Key: "k", Profile: &m})
		require.NoError(s, err)
		require.Equal(s, collector.Receipt{Profiles: first.Profiles}, r)
		r, err = s.Known(s.Context(), "k")
		require.NoError(s, err)
		require.Equal(s, collector.Receipt{Profiles: first.Profiles}, r)
		require.Len(s, s.foundEvents(collector.EventQuery{}), 1)
		require.Len(s, s.found(collector.Query{}), 3)
		s.restart()
	}
}

func storesAKeyOnceAtOnce(s *subject) {
	e := s.event()
	receipts, errs := make([]collector.Receipt, 8), make([]error, 8)
	var senders sync.WaitGroup
	for i := range receipts {
		senders.Go(func() {
			receipts[i], errs[i] = put(s.Context(), s.Store, collector.Record{Key: collector.EventKey(e.ID), Event: e})
		})
	}
	senders.Wait()
	created := 0
	for i, r := range receipts {
		require.NoError(s, errs[i])
		require.Equal(s, receipts[0].Profiles, r.Profiles)
		if r.Created {
			created++
		}
	}
	require.Equal(s, 1, created)
	require.Len(s, s.foundEvents(collector.EventQuery{}), 1)
}

func saysWhatItDoesNotHave(s *subject) {
	m, e := s.put(s.profile()), s.putEvent(s.event())
	for _, id := range []string{
		"", "x", "../../etc/passwd", m.ID + "x", m.ID + "-0", m.ID + "-", e.Profiles[0].ID + "9",
		strings.ToUpper(m.ID) + " ", strings.Repeat("0", len(m.ID)), strings.Repeat("x", 10_000),
	} {
		_, err := s.Open(s.Context(), id)
		s.requireCode(collector.NotFound, err)
	}
	_, err := s.Event(s.Context(), "nobody")
	s.requireCode(collector.NotFound, err)
	_, err = s.OpenFile(s.Context(), "nobody", collector.EventFile)
	s.requireCode(collector.NotFound, err)
	_, err = s.OpenFile(s.Context(), e.ID, "nothing")
	s.requireCode(collector.NotFound, err)
	_, err = s.Known(s.Context(), "nothing")
	s.requireCode(collector.NotFound, err)
	require.Empty(s, s.found(collector.Query{Service: "nobody"}))
}

func refusesNonsense(s *subject) {
	for what, spoil := range map[string]func(*collector.Meta){
		"no service":      func(m *collector.Meta) { m.Service = "" },
		"long service":    func(m *collector.Meta) { m.Service = strings.Repeat("x", 1000) },
		"control in name": func(m *collector.Meta) { m.Service = "a\nb" },
		"unknown kind":    func(m *collector.Meta) { m.Kind = "nonsense" },
		"no time":         func(m *collector.Meta) { m.CreatedAt = collector.Meta{}.CreatedAt },
		"same label":      func(m *collector.Meta) { m.Labels = collector.Labels{{Key: "a"}, {Key: "a"}} },
		"zero in label":   func(m *collector.Meta) { m.Labels = collector.Labels{{Key: "a\x00b"}} },
		"file not sent":   func(m *collector.Meta) { m.File = "other" },
	} {
		m := s.profile()
		d, err := s.Draft(s.Context())
		require.NoError(s, err)
		require.NoError(s, add(d, m.File, "content"))
		spoil(&m)
		_, err = d.Commit(s.Context(), collector.Record{Profile: &m})
		require.Equal(s, collector.Invalid, collector.CodeOf(err), "%s: %v", what, err)
	}
	for _, q := range []collector.Query{{Limit: -1}, {Kind: "nonsense"}, {From: at(2), To: at(1)}} {
		for _, err := range s.Find(s.Context(), q) {
			s.requireCode(collector.Invalid, err)
		}
	}
	require.Empty(s, s.found(collector.Query{}))
}

func forgetsADiscardedDraft(s *subject) {
	m := s.profile()
	d, err := s.Draft(s.Context())
	require.NoError(s, err)
	require.NoError(s, add(d, m.File, "content"))
	r, err := d.Read(m.File)
	require.NoError(s, err)
	d.Discard()
	d.Discard()
	_, err = io.ReadAll(r)
	require.Error(s, err)
	_, err = d.Commit(s.Context(), collector.Record{Profile: &m})
	require.Error(s, err)
	_, err = d.Add("another")
	require.Error(s, err)
	require.Empty(s, s.found(collector.Query{}))
	s.restart()
	require.Empty(s, s.found(collector.Query{}))
}

func readsADraftBack(s *subject) {
	d, err := s.Draft(s.Context())
	require.NoError(s, err)
	defer d.Discard()
	sent := map[string]string{}
	for i, size := range []int{200_000, 3, 0, 700_000, 300_000} { // in memory or in a file, or partly so
		name := fmt.Sprint("file", i)
		sent[name] = strings.Repeat("0123456789", size/10+1)[:size]
		require.NoError(s, add(d, name, sent[name]))
		require.Error(s, add(d, name, "twice"))
		for name, want := range sent {
			r, err := d.Read(name)
			require.NoError(s, err)
			got, err := io.ReadAll(r)
			require.NoError(s, err)
			same := want == string(got) // or 700 KB would be printed
			require.True(s, same, "%s of %d bytes came back as %d", name, len(want), len(got))
			if middle := len(want) / 2; middle > 0 {
				piece := make([]byte, 1)
				_, err = r.ReadAt(piece, int64(middle))
				require.NoError(s, err)
				require.Equal(s, want[middle:middle+1], string(piece))
			}
		}
	}
	_, err = d.Read("c")
	s.requireCode(collector.NotFound, err)
}

// answersWhileItIsAsked queries the store while it reads the results of another
// query.
func answersWhileItIsAsked(s *subject) {
	for range 5 {
		s.put(s.profile())
	}
	n := 0
	for m, err := range s.Find(s.Context(), collector.Query{}) {
		require.NoError(s, err)
		s.holds(m)
		s.put(s.profile())
		n++
	}
	require.Equal(s, 5, n)
	for _, err := range s.Find(s.Context(), collector.Query{}) {
		require.NoError(s, err)
		break // which does not block the store
	}
	s.put(s.profile())
}

func endsWithItsContext(s *subject) {
	s.put(s.profile())
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	for _, err := range s.Find(ctx, collector.Query{}) {
		require.ErrorIs(s, err, context.Canceled)
	}
	_, err := s.Draft(ctx)
	require.ErrorIs(s, err, context.Canceled)
}

// letsTwoReadBesideAWriter checks that each reader sees all records that were stored
// before it began to read, in order and complete.
func letsTwoReadBesideAWriter(s *subject) {
	const total = 60
	stored := make(chan collector.Meta, total)
	var all sync.WaitGroup
	all.Go(func() {
		defer close(stored)
		for range total {
			m := s.profile()
			r, err := put(s.Context(), s.Store, collector.Record{Profile: &m})
			if err != nil {
				s.Errorf("put: %v", err)
				return
			}
			stored <- r.Profiles[0]
		}
	})
	for range 2 {
		all.Go(func() {
			for m := range stored {
				var seen []collector.Meta
				for m, err := range s.Find(s.Context(), collector.Query{}) {
					if err != nil {
						s.Errorf("find: %v", err)
						return
					}
					seen = append(seen, m)
				}
				sorted := slices.IsSortedFunc(seen, func(a, b collector.Meta) int { return b.CreatedAt.Compare(a.CreatedAt) })
				has := slices.ContainsFunc(seen, func(x collector.Meta) bool { return x.ID == m.ID })
				if !sorted || !has {
					s.Errorf("sorted: %v, has what was stored before: %v", sorted, has)
				}
			}
		})
	}
	all.Wait()
	require.Len(s, s.found(collector.Query{}), total)
}

func keepsAnOpenFile(s *subject) {
	m := s.put(s.profile())
	f, err := s.Open(s.Context(), m.ID)
	require.NoError(s, err)
	half := make([]byte, m.Size/2)
	_, err = io.ReadFull(f, half)
	require.NoError(s, err)
	s.put(s.profile())
	rest, err := io.ReadAll(f)
	require.NoError(s, err)
	require.Equal(s, contentOf(&m), string(half)+string(rest))
	require.NoError(s, f.Close())
}
