package dump_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
)

func TestWriterIsCapped(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 100_000})
	e := create(t, s, 1, 40_000)
	free := 100_000 - weight(t, s.Dir()) - dump.LineBytes("exact", 50_000)
	_, err := e.Write("exact", fill(int(free)+1)) // over by the line of its checksum
	require.ErrorIs(t, err, dump.ErrBudget)
	_, err = e.Write("exact", fill(int(free))) // to the last byte
	require.NoError(t, err)
	_, err = e.Write("heap.pb.gz", fill(1))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.ErrorContains(t, err, "100000 of 100000 bytes used")
	require.Equal(t, map[string]int64{"cpu.pb.gz": 40_000, "exact": free}, visible(t, e.Path()))
	require.NoError(t, e.Close(dump.Class{}), "what closing needs is reserved")
	require.Less(t, weight(t, s.Dir()), int64(100_000))
	require.NoError(t, s.Check(e.ID()))
}

func TestFailedWritesGiveTheirBytesBack(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 100_000})
	e := create(t, s, 1, 10_000)
	before := weight(t, s.Dir())
	for range 3 {
		_, err := e.Write("heap.pb.gz", fill(200_000))
		require.ErrorIs(t, err, dump.ErrBudget)
		require.Equal(t, before, s.Usage().Bytes)
		require.Equal(t, before, weight(t, s.Dir()))
	}
	_, err := e.Write("heap.pb.gz", fill(89_000))
	require.NoError(t, err)
	require.NoError(t, e.Close(dump.Class{}))
}

// The profile writers of the runtime ignore what their writer answers, and
// compressors answer with words of their own.
func TestFillThatHidesErrors(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 100_000})
	e := create(t, s, 1, 10)
	for _, result := range []error{nil, errors.New("cannot compress")} {
		_, err := e.Write("heap.pb.gz", func(w io.Writer) error {
			for range 1000 {
				_ = fill(1000)(w)
			}
			return result
		})
		require.ErrorIs(t, err, dump.ErrBudget)
		require.NotContains(t, tree(t, e.Path()), "heap.pb.gz")
	}
	require.NoError(t, e.Close(dump.Class{}))
}

func TestRemovedEventsFreeTheirBytes(t *testing.T) {
	for _, by := range []string{"us", "others"} {
		t.Run(by, func(t *testing.T) {
			s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 2000})
			a, b := create(t, s, 1, 1000), create(t, s, 2, 100)
			if by == "us" {
				require.NoError(t, a.Discard())
			} else {
				require.NoError(t, a.Close(dump.Class{}))
				require.NoError(t, os.RemoveAll(a.Path()))
			}
			_, err := b.Write("heap.pb.gz", fill(1200))
			require.NoError(t, err)
			require.NoError(t, b.Close(dump.Class{}))
		})
	}
}

func TestReplaceCountsBoth(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 10_000})
	e := create(t, s, 1, 6000)
	_, err := e.Replace("cpu.pb.gz", fill(4000))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.EqualValues(t, 6000, tree(t, e.Path())["cpu.pb.gz"])
	_, err = e.Replace("cpu.pb.gz", fill(3000))
	require.NoError(t, err)
	require.Equal(t, weight(t, s.Dir()), s.Usage().Bytes)
	require.Less(t, s.Usage().Bytes, int64(3500))
	require.NoError(t, e.Close(dump.Class{}))
}

func TestNextBytesMakeRoom(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 10_000})
	for n := range 3 {
		require.NoError(t, create(t, s, n, 2900).Close(dump.Class{}))
	}
	e := create(t, s, 3, 3000) // into 1100 bytes
	requireEvents(t, s, 1, 2, 3)

	// A runaway event gets only what is free.
	free := int(10_000 - weight(t, s.Dir()) - dump.LineBytes("small", 100))
	_, err := e.Write("heap.pb.gz", fill(2000)) // with it, over half
	require.ErrorIs(t, err, dump.ErrBudget)
	requireEvents(t, s, 1, 2, 3)
	_, err = e.Write("small", fill(free))
	require.NoError(t, err)
	requireEvents(t, s, 1, 2, 3)
	_, err = e.Write("heap.pb.gz", fill(300))
	require.NoError(t, err)
	requireEvents(t, s, 2, 3)
	_, err = e.Write("trace.out", fill(2000))
	require.NoError(t, err)
	requireEvents(t, s, 2, 3)
	_, err = e.Write("more", fill(3000))
	require.ErrorIs(t, err, dump.ErrBudget)
	requireEvents(t, s, 2, 3)
	require.NoError(t, e.Close(dump.Class{}))
}

func TestOpenEventsTakeAllTheSpace(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 2, MaxBytes: 3000})
	a, b := create(t, s, 1, 1000), create(t, s, 2, 1)
	_, err := s.Create(eventID(3))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.ErrorContains(t, err, "2 of 2 events, 2 events open")
	require.NoError(t, b.Close(dump.Class{}))
	c, err := s.Create(eventID(3))
	require.NoError(t, err)
	requireEvents(t, s, 1, 3)
	free := 3000 - weight(t, s.Dir()) - dump.LineBytes("rest", 1000)
	_, err = a.Write("rest", fill(int(free)))
	require.NoError(t, err)
	_, err = c.Write("one", fill(1))
	require.ErrorIs(t, err, dump.ErrBudget)
	require.NoError(t, a.Close(dump.Class{}))
	_, err = c.Write("one", fill(300))
	require.NoError(t, err)
	requireEvents(t, s, 3)
	require.NoError(t, c.Close(dump.Class{}))
}

// P5 in small: whatever comes and goes, the directory is within its budget.
func TestP5BudgetHolds(t *testing.T) {
	const limit = 50_000
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 10, MaxBytes: limit})
	for n := range 200 {
		e, err := s.Create(eventID(n))
		require.NoError(t, err)
		for i := range n % 4 {
			size := n * 7919 * (i + 1) % 30_000
			_, err := e.Write(strconv.Itoa(i), func(w io.Writer) error {
				for range size / 1000 {
					if err := fill(1000)(w); err != nil {
						return err
					}
					if sum := weight(t, s.Dir()); sum > limit {
						t.Errorf("%d bytes", sum)
					}
				}
				return nil
			})
			if err != nil {
				require.ErrorIs(t, err, dump.ErrBudget)
			}
		}
		if n%7 == 0 {
			require.NoError(t, e.Discard())
		} else {
			require.NoError(t, e.Close(dump.Class{Disposable: n%3 == 0}))
		}
		now := s.Usage()
		require.LessOrEqual(t, now.Events, 10)
		require.Equal(t, weight(t, s.Dir()), now.Bytes)
		require.LessOrEqual(t, now.Bytes, int64(limit))
		for name := range tree(t, s.Dir()) {
			require.False(t, strings.HasSuffix(filepath.Base(name), ".tmp"), name)
		}
	}
}

func TestManyUsersOfOneStore(t *testing.T) {
	const limit = 20_000
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 12, MaxBytes: limit})
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range 20 {
				if err := oneEvent(s, i*100+j, j%4); err != nil {
					t.Error(err)
				}
				if bytes := s.Usage().Bytes; bytes > limit {
					t.Errorf("%d bytes used", bytes)
				}
				if _, err := s.List(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, weight(t, s.Dir()), s.Usage().Bytes)
}

func oneEvent(s *dump.Store, n, end int) error {
	e, err := s.Create(eventID(n))
	if err != nil {
		return err
	}
	if _, err := e.Write("cpu.pb.gz", fill(1000+n)); err != nil {
		return err
	}
	if end == 0 {
		return e.Discard()
	}
	return e.Close(dump.Class{Disposable: end == 1})
}
