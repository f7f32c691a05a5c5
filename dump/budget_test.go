package dump_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestWriterIsLimited(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 100_000})
	e := create(t, s, 1, 40_000)
	free := 100_000 - weight(t, s.Dir()) - dump.LineBytes("exact", 50_000)
	require.ErrorIs(t, testkit.Err(e.Write("exact", fill(int(free)+1))), dump.ErrBudget) // over by the line of its checksum
	require.NoError(t, testkit.Err(e.Write("exact", fill(int(free)))))                   // to the last byte
	_, err := e.Write("heap.pb.gz", fill(1))
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
		require.ErrorIs(t, testkit.Err(e.Write("heap.pb.gz", fill(200_000))), dump.ErrBudget)
		require.Equal(t, before, s.Usage().Bytes)
		require.Equal(t, before, weight(t, s.Dir()))
	}
	require.NoError(t, testkit.Err(e.Write("heap.pb.gz", fill(89_000))))
	require.NoError(t, e.Close(dump.Class{}))
}

// The profile writers of the runtime ignore errors of their writer, and compressors
// replace them.
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
			require.NoError(t, testkit.Err(b.Write("heap.pb.gz", fill(1200))))
			require.NoError(t, b.Close(dump.Class{}))
		})
	}
}

func TestReplaceCountsBoth(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{MaxBytes: 10_000})
	e := create(t, s, 1, 6000)
	require.ErrorIs(t, testkit.Err(e.Replace("cpu.pb.gz", fill(4000))), dump.ErrBudget)
	require.EqualValues(t, 6000, tree(t, e.Path())["cpu.pb.gz"])
	require.NoError(t, testkit.Err(e.Replace("cpu.pb.gz", fill(3000))))
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
	require.ErrorIs(t, testkit.Err(e.Write("heap.pb.gz", fill(2000))), dump.ErrBudget) // with it, over half
	requireEvents(t, s, 1, 2, 3)
	require.NoError(t, testkit.Err(e.Write("small", fill(free))))
	requireEvents(t, s, 1, 2, 3)
	require.NoError(t, testkit.Err(e.Write("heap.pb.gz", fill(300))))
	requireEvents(t, s, 2, 3)
	require.NoError(t, testkit.Err(e.Write("trace.out", fill(2000))))
	requireEvents(t, s, 2, 3)
	require.ErrorIs(t, testkit.Err(e.Write("more", fill(3000))), dump.ErrBudget)
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
	c := testkit.Must(s.Create(eventID(3)))(t)
	requireEvents(t, s, 1, 3)
	free := 3000 - weight(t, s.Dir()) - dump.LineBytes("rest", 1000)
	require.NoError(t, testkit.Err(a.Write("rest", fill(int(free)))))
	require.ErrorIs(t, testkit.Err(c.Write("one", fill(1))), dump.ErrBudget)
	require.NoError(t, a.Close(dump.Class{}))
	require.NoError(t, testkit.Err(c.Write("one", fill(300))))
	requireEvents(t, s, 3)
	require.NoError(t, c.Close(dump.Class{}))
}

// The directory keeps exactly to its budget, unfinished files included, and the
// count of the store is that of the disk.
func TestBudgetHolds(t *testing.T) {
	const limit = 50_000
	s := openStore(t, testkit.FastDir(t), dump.Options{MaxEvents: 10, MaxBytes: limit})
	rng := rand.New(rand.NewPCG(5, 5))
	full := int64(0)
	for n := range testkit.Heavy(10_000, 400) {
		e := testkit.Must(s.Create(eventID(n), "a"))(t)
		for i := range rng.IntN(4) {
			size := rng.IntN(30_000)
			_, err := e.Replace(strconv.Itoa(rng.IntN(i+1)), func(w io.Writer) error {
				err := fill(size)(w)
				if sum := weight(t, s.Dir()); sum > limit {
					t.Errorf("%d bytes", sum)
				}
				return err
			})
			if err != nil {
				require.ErrorIs(t, err, dump.ErrBudget)
			}
			full = max(full, weight(t, s.Dir()))
		}
		switch n % 7 {
		case 0:
			require.NoError(t, e.Discard())
		case 1, 2:
			require.NoError(t, e.Close(dump.Class{}))
			require.NoError(t, s.Refused(e.ID(), "a", strings.Repeat("no ", rng.IntN(300))))
		default:
			require.NoError(t, e.Close(dump.Class{Disposable: n%3 == 0, Series: "cpu", Height: rng.Float64()}))
		}
		now := s.Usage()
		require.LessOrEqual(t, now.Events, 10)
		require.Equal(t, weight(t, s.Dir()), now.Bytes)
		require.LessOrEqual(t, now.Bytes, int64(limit))
		require.Empty(t, temps(t, s.Dir()))
	}
	require.Greater(t, full, int64(limit-1000), "it was tried")
}

// A store counts the bytes that were granted to another one and are not written.
func TestReservationIsSeenByOthers(t *testing.T) {
	disk, dir := &faults{}, testkit.FastDir(t)
	o := dump.Options{MaxBytes: 100_000, Fault: disk.fault}
	a, b := openStore(t, dir, o), openStore(t, dir, dump.Options{MaxBytes: 100_000})
	ours, theirs := create(t, a, 1, 100), create(t, b, 2, 100)
	tried := 0
	disk.set(func(_ int, op, name string) error {
		if op == "write" && name == ".heap.pb.gz.tmp" { // granted, not written
			tried++
			require.ErrorIs(t, testkit.Err(theirs.Write(fmt.Sprint(tried), fill(66_000))), dump.ErrBudget)
			require.LessOrEqual(t, weight(t, dir), int64(100_000))
		}
		return nil
	})
	require.NoError(t, testkit.Err(ours.Write("heap.pb.gz", fill(45_000))))
	require.Positive(t, tried)
	require.NoError(t, ours.Close(dump.Class{}))
	require.NoError(t, theirs.Close(dump.Class{}))
}

// Several processes in one directory: together they keep to the budget,
// at every moment at which the directory is not locked.
func TestProcessesShareTheBudget(t *testing.T) {
	dir := testkit.FastDir(t)
	s := openStore(t, dir, dump.Options{})
	var children []*testkit.Child
	for range 3 {
		children = append(children, start(t, "budget", dir))
	}
	var left sync.WaitGroup
	done := make(chan struct{})
	for _, c := range children {
		left.Go(func() {
			for c.Lines.Scan() {
			}
		})
	}
	go func() { left.Wait(); close(done) }()
	looks, full := 0, int64(0)
	for running := true; running; looks++ {
		select {
		case <-done:
			running = false
		default:
		}
		require.NoError(t, dump.Locked(s, func() {
			sum := weight(t, dir)
			full = max(full, sum)
			require.LessOrEqual(t, sum, sharedLimits().MaxBytes)
			ids := testkit.Must(s.List())(t)
			require.LessOrEqual(t, len(ids), sharedLimits().MaxEvents)
		}))
	}
	for _, c := range children {
		require.NoError(t, c.Wait())
	}
	t.Logf("%d looks, %d bytes at most", looks, full)
	require.Greater(t, looks, 10)
	require.Greater(t, full, sharedLimits().MaxBytes*9/10, "it was tried")
	require.Empty(t, temps(t, dir))
}

func sharedLimits() dump.Options { return dump.Options{MaxEvents: 12, MaxBytes: 60_000} }

// childBudget makes events that do not fit beside those of the others.
func childBudget(s *dump.Store) error {
	if err := s.SetLimits(sharedLimits()); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(uint64(os.Getpid()), 5))
	for n := range testkit.Heavy(1000, 40) {
		at := time.Date(2026, 1, 2, 15, 4, 5, os.Getpid(), time.UTC).Add(time.Duration(n) * time.Second)
		e, err := s.Create(at.Format(dump.IDLayout)+"-cpu", "a")
		if errors.Is(err, dump.ErrBudget) {
			continue // open events take it all
		}
		if err != nil {
			return err
		}
		for i := range 3 {
			_, err := e.Replace(strconv.Itoa(i), fill(rng.IntN(20_000)))
			if err != nil && !errors.Is(err, dump.ErrBudget) {
				return err
			}
		}
		if err := e.Close(dump.Class{}); err != nil {
			return err
		}
	}
	return s.Close()
}

func TestManyUsersOfOneStore(t *testing.T) {
	const limit = 20_000
	s := openStore(t, t.TempDir(), dump.Options{MaxEvents: 12, MaxBytes: limit})
	testkit.Together(4, func(i int) {
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

// The files of a directory beside the events count, those of other processes too.
func TestWhatIsBesideCounts(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir, dump.Options{MaxBytes: 10_000, Beside: []string{"blackbox", "none"}})
	for n := range 3 {
		require.NoError(t, create(t, s, n, 2900).Close(dump.Class{}))
	}
	requireEvents(t, s, 0, 1, 2)
	beside := testkit.Must(s.OpenDir("blackbox"))(t)
	defer beside.Close()
	require.NoError(t, beside.WriteFile("a.box", make([]byte, 2500), 0o600))
	require.NoError(t, s.Tidy())
	requireEvents(t, s, 1, 2)

	other := openStore(t, dir, dump.Options{MaxBytes: 10_000, Beside: []string{"blackbox"}})
	require.NoError(t, beside.WriteFile("b.box", make([]byte, 3000), 0o600))
	require.NoError(t, create(t, other, 3, 900).Close(dump.Class{})) // without a scan
	require.NoError(t, other.Tidy())
	requireEvents(t, s, 2, 3)
}
