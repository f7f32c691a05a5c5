// Package storetest tests implementations of [collector.Store]: the rules that
// the interface lists, as one suite.
//
//	func TestMain(m *testing.M) {
//		storetest.Child(open) // does not return in a process that Kill has started
//		os.Exit(m.Run())
//	}
//
//	func TestConformance(t *testing.T) { storetest.Test(t, storetest.Subject{Open: open}) }
//	func TestFullDisk(t *testing.T)    { storetest.Full(t, open) }
//
//	func TestAcknowledgedUploadsSurviveKills(t *testing.T) {
//		storetest.Kill(t, storetest.Subject{Open: open}, storetest.Kills{Uploads: 500})
//	}
//
// Run it with the race detector.
package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// A Store is a store under test. It can be closed and opened again.
type Store interface {
	collector.Store
	Close() error
}

// Open opens the store of a place: a directory, or whatever names where the records of
// a store are. The place may be empty.
type Open func(ctx context.Context, place string) (Store, error)

// A Subject is an implementation under test.
type Subject struct {
	Open Open
	// Place returns a new and empty place; it is gone after the test. The default
	// is a directory.
	Place func(t *testing.T) string
	// Shared says that several stores can have the same place open at once.
	Shared bool
}

func (s *Subject) place(t *testing.T) string {
	t.Helper()
	if s.Place == nil {
		return t.TempDir()
	}
	return s.Place(t)
}

// Test runs the suite.
func Test(t *testing.T, s Subject) {
	run := func(name string, do func(*subject)) {
		t.Run(name, func(t *testing.T) {
			s := &subject{T: t, open: s.Open, place: s.place(t)}
			s.start()
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			do(s)
		})
	}
	for _, test := range suite() {
		run(test.name, test.run)
	}
	if !s.Shared {
		return
	}
	for _, test := range shared() {
		run(test.name, func(first *subject) {
			second := &subject{T: first.T, open: first.open, place: first.place, n: 1_000_000}
			second.start()
			defer func() { require.NoError(first, second.Close()) }()
			test.run(first, second)
		})
	}
}

// A subject is a store, its place, and a counter for its records.
type subject struct {
	*testing.T
	Store
	open  Open
	place string
	n     int // makes records different
}

func (s *subject) start() {
	s.Helper()
	var err error
	s.Store, err = s.open(s.Context(), s.place)
	require.NoError(s, err)
}

// restart closes the store and opens it again.
func (s *subject) restart() {
	s.Helper()
	require.NoError(s, s.Close())
	s.start()
}
