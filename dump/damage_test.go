package dump_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// An event with a flipped byte or a truncated file is set aside with the reason, and
// the other events are not affected.
func TestDamageIsFound(t *testing.T) {
	s := openStore(t, testkit.FastDir(t), dump.Options{})
	other := waitingEvent(t, s, 1, "r")
	e := waitingEvent(t, s, 2, "r")
	var files []string
	for name := range tree(t, s.Path(e)) {
		if size := tree(t, s.Path(e))[name]; size > 0 {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	require.Equal(t, []string{".sealed", "cpu.pb.gz", "event.json"}, files)
	rng := rand.New(rand.NewPCG(1, 7))
	for n := range 1000 {
		name := files[n%len(files)]
		mend := damage(t, filepath.Join(s.Path(e), name), rng)
		err := s.Check(e)
		require.ErrorIs(t, err, dump.ErrDamaged, name)
		require.NoError(t, s.Check(other))
		require.ErrorIs(t, testkit.Err(s.Take(e, "r")), dump.ErrDamaged)
		require.Equal(t, 1, s.Usage().Damaged)
		reason := testkit.Must(os.ReadFile(filepath.Join(s.Path(e), ".damaged")))(t)
		require.NotEmpty(t, reason)
		mend()
		require.NoError(t, os.Remove(filepath.Join(s.Path(e), ".damaged")))
	}
	require.NoError(t, s.Check(e))
	release := testkit.Must(s.Take(other, "r"))(t)
	release()
}

// damage flips a byte of a file or cuts it.
func damage(t *testing.T, path string, rng *rand.Rand) (mend func()) {
	t.Helper()
	was := testkit.Must(os.ReadFile(path))(t)
	now := bytes.Clone(was)
	if rng.IntN(4) == 0 {
		now = now[:rng.IntN(len(now))]
	} else {
		now[rng.IntN(len(now))] ^= byte(1 + rng.IntN(255))
	}
	require.NoError(t, os.WriteFile(path, now, 0o600))
	return func() { require.NoError(t, os.WriteFile(path, was, 0o600)) }
}

// waitingEvent makes the n-th event, closed, for those reporters.
func waitingEvent(t *testing.T, s *dump.Store, n int, to ...string) (id string) {
	t.Helper()
	e := testkit.Must(s.Create(eventID(n), to...))(t)
	require.NoError(t, testkit.Err(e.Write("cpu.pb.gz", text(pattern(n)))))
	for _, state := range []string{"suspected", "confirmed"} {
		require.NoError(t, testkit.Err(e.Replace("event.json", text(state))))
	}
	require.NoError(t, e.Close(dump.Class{Series: "cpu", Kind: "cpu abs", Height: float64(n)}))
	return e.ID()
}

func TestFilesThatAreMissing(t *testing.T) {
	for _, name := range []string{"cpu.pb.gz", "event.json"} {
		s := openStore(t, t.TempDir(), dump.Options{})
		id := waitingEvent(t, s, 1)
		require.NoError(t, os.Remove(filepath.Join(s.Path(id), name)))
		err := s.Check(id)
		require.ErrorIs(t, err, dump.ErrDamaged)
		require.ErrorContains(t, err, name+" is missing")
	}
}

// A foreign file beside the evidence is no damage.
func TestForeignFileInAnEvent(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	id := waitingEvent(t, s, 1)
	require.NoError(t, os.WriteFile(filepath.Join(s.Path(id), "notes"), []byte("mine"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(s.Path(id), "dir"), 0o700))
	require.NoError(t, s.Check(id))
}

func TestCheckOfWhatIsGone(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	require.ErrorIs(t, s.Check(eventID(1)), dump.ErrGone)
	id := waitingEvent(t, s, 1)
	require.NoError(t, os.RemoveAll(s.Dir()))
	require.ErrorIs(t, s.Check(id), dump.ErrGone)
}

// An open event can be checked too: a replaced file is no damage, and neither is an
// unfinished one.
func TestCheckOfAnOpenEvent(t *testing.T) {
	s := openStore(t, t.TempDir(), dump.Options{})
	e := create(t, s, 1, 5000)
	for n := range 5 {
		require.NoError(t, testkit.Err(e.Replace("event.json", text(pattern(n)))))
		require.NoError(t, s.Check(e.ID()))
	}
	_, err := e.Write("heap.pb.gz", func(w io.Writer) error {
		require.NoError(t, fill(100_000)(w))
		require.NoError(t, s.Check(e.ID()))
		return nil
	})
	require.NoError(t, err)
	damage(t, filepath.Join(e.Path(), "cpu.pb.gz"), rand.New(rand.NewPCG(1, 1)))
	require.ErrorIs(t, s.Check(e.ID()), dump.ErrDamaged)
}
