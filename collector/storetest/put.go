package storetest

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// day is the day of all records.
func day() time.Time { return time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC) }

func at(seconds int) time.Time { return day().Add(time.Duration(seconds) * time.Second) }

func labels(pairs string) collector.Labels {
	l, err := collector.ParseLabels(pairs)
	if err != nil {
		panic(err)
	}
	return l
}

// profile returns a profile that the store does not have.
func (s *subject) profile() collector.Meta {
	s.n++
	return collector.Meta{
		Service: "shop", Kind: collector.KindCPU, Labels: labels("region=eu,version=1.2.3"),
		CreatedAt: at(s.n).Add(123456789), Duration: 10 * time.Second, File: "cpu.pb.gz",
	}
}

// contentOf is the content of the file of that name.
func contentOf(m *collector.Meta) string {
	return fmt.Sprintf("%s of %s at %s, %s", m.File, m.Service, m.CreatedAt.Format(time.RFC3339Nano), m.Labels)
}

// event returns an event that the store does not have, with two profiles.
func (s *subject) event() *collector.Event {
	s.n++
	e := &collector.Event{
		ID: fmt.Sprintf("20260504T000000.%09dZ-cpu-a1b2", s.n), Service: "shop", State: "confirmed", Signal: "cpu",
		Reason: "abs", Value: 91.5, Limit: 2, Baseline: 40, At: at(s.n), Sentence: "CPU 92 % for 15 s: main.burn",
		Culprits: []string{"main.burn", "main.coupon"}, Confident: true, Labels: labels("instance=pod-1"),
	}
	for _, file := range []string{"cpu.pb.gz", "heap.pb.gz"} {
		e.Profiles = append(e.Profiles, collector.Meta{
			Service: e.Service, Kind: collector.Kind(file[:len(file)-len(".pb.gz")]), Labels: e.Labels, Event: e.ID,
			CreatedAt: e.At.Add(time.Second), File: file,
		})
	}
	return e
}

// put stores a profile and returns that of the receipt.
func (s *subject) put(m collector.Meta) collector.Meta {
	s.Helper()
	r, err := put(s.Context(), s.Store, collector.Record{Profile: &m})
	require.NoError(s, err)
	require.True(s, r.Created)
	require.Len(s, r.Profiles, 1)
	return r.Profiles[0]
}

// putEvent stores an event and returns it as a search should.
func (s *subject) putEvent(e *collector.Event) collector.Event {
	s.Helper()
	r, err := put(s.Context(), s.Store, collector.Record{Key: collector.EventKey(e.ID), Event: e})
	require.NoError(s, err)
	require.True(s, r.Created)
	require.Equal(s, e.ID, r.Event)
	require.Len(s, r.Profiles, len(e.Profiles))
	stored := *e
	stored.Profiles = r.Profiles
	if len(r.Profiles) > 0 {
		stored.ReceivedAt = r.Profiles[0].ReceivedAt
	}
	return stored
}

// put stores a record with its content.
func put(ctx context.Context, store collector.Store, r collector.Record) (collector.Receipt, error) {
	d, err := store.Draft(ctx)
	if err != nil {
		return collector.Receipt{}, err
	}
	defer d.Discard()
	profiles := []collector.Meta{}
	if r.Event != nil {
		profiles = r.Event.Profiles
		if err := add(d, collector.EventFile, eventContent(r.Event.ID)); err != nil {
			return collector.Receipt{}, err
		}
	} else {
		profiles = append(profiles, *r.Profile)
	}
	for i := range profiles {
		if err := add(d, profiles[i].File, contentOf(&profiles[i])); err != nil {
			return collector.Receipt{}, err
		}
	}
	return d.Commit(ctx, r)
}

func eventContent(id string) string { return `{"id":"` + id + `"}` }

func add(d collector.Draft, name, content string) error {
	w, err := d.Add(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, content)
	return err
}

// found returns the results of a search.
func (s *subject) found(q collector.Query) []collector.Meta {
	s.Helper()
	all := []collector.Meta{}
	for m, err := range s.Find(s.Context(), q) {
		require.NoError(s, err)
		all = append(all, m)
	}
	return all
}

func (s *subject) foundEvents(q collector.EventQuery) []collector.Event {
	s.Helper()
	all := []collector.Event{}
	for e, err := range s.Events(s.Context(), q) {
		require.NoError(s, err)
		all = append(all, e)
	}
	return all
}

// holds checks that a profile can be found, opened and read.
func (s *subject) holds(m collector.Meta) {
	s.Helper()
	f, err := s.Open(s.Context(), m.ID)
	require.NoError(s, err)
	require.Equal(s, m, f.Meta)
	raw, err := io.ReadAll(f)
	require.NoError(s, err)
	require.Equal(s, contentOf(&m), string(raw))
	require.EqualValues(s, len(raw), m.Size)
	require.NoError(s, f.Close())
	require.Contains(s, s.found(collector.Query{Service: m.Service, Kind: m.Kind, Labels: m.Labels}), m)
}

func (s *subject) requireCode(code collector.Code, err error) {
	s.Helper()
	require.Equal(s, code, collector.CodeOf(err), "%v", err)
}
