// Package storetest tests implementations of [collector.Store]: the rules that
// the interface lists, as one suite.
//
//	func TestMain(m *testing.M) {
//		storetest.Child(open) // does not return in a process that Kill has started
//		os.Exit(m.Run())
//	}
//
//	func TestConformance(t *testing.T) { storetest.Test(t, open) }
//	func TestFullDisk(t *testing.T)    { storetest.Full(t, open) }
//
//	func TestAcknowledgedUploadsSurviveKills(t *testing.T) {
//		storetest.Kill(t, open, storetest.Kills{Uploads: 500})
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

// Open opens the store that is kept in dir, which may be empty.
type Open func(ctx context.Context, dir string) (Store, error)

// Test runs the suite.
func Test(t *testing.T, open Open) {
	for _, test := range suite() {
		t.Run(test.name, func(t *testing.T) {
			s := &subject{T: t, open: open, dir: t.TempDir()}
			s.start()
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			test.run(s)
		})
	}
}

// A subject is a store, its directory, and a counter for its records.
type subject struct {
	*testing.T
	Store
	open Open
	dir  string
	n    int // makes records different
}

func (s *subject) start() {
	s.Helper()
	var err error
	s.Store, err = s.open(s.Context(), s.dir)
	require.NoError(s, err)
}

// restart closes the store and opens it again.
func (s *subject) restart() {
	s.Helper()
	require.NoError(s, s.Close())
	s.start()
}
