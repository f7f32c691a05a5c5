package blackbox_test

import (
	"context"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

// media are those that have a file here.
func media() []blackbox.Medium {
	if runtime.GOOS == "linux" {
		return []blackbox.Medium{blackbox.Mapped, blackbox.Written}
	}
	return []blackbox.Medium{blackbox.Written}
}

func TestRecordsComeBack(t *testing.T) {
	for _, m := range media() {
		t.Run(m.String(), func(t *testing.T) {
			dir := t.TempDir()
			begin := time.Now()
			b := open(t, dir, "run", blackbox.Config{Interval: time.Second, Medium: m})
			require.Equal(t, m, b.Medium())
			at := begin.Add(3 * time.Second)
			s := sample(7)
			b.Sample(at, &s)
			b.State(at, "mem suspected")
			b.Event(at, "20260102-mem", "memory 97 %")
			require.NoError(t, b.Flush(t.Context()))

			c := read(t, dir)
			require.False(t, c.Clean())
			require.False(t, c.Truncated)
			require.Zero(t, c.Torn)
			require.Equal(t, os.Getpid(), c.PID)
			require.Equal(t, time.Second, c.Interval)
			require.WithinDuration(t, begin, c.Start, time.Minute)
			require.Len(t, c.Records, 3)
			for i, r := range c.Records {
				require.EqualValues(t, i+1, r.Seq)
				require.True(t, at.Equal(r.At))
				require.Equal(t, at.Sub(c.Start).Truncate(time.Second), r.Since.Truncate(time.Second))
			}
			require.Equal(t, blackbox.KindSample, c.Records[0].Kind)
			require.Equal(t, sample(7), c.Records[0].Sample)
			require.Equal(t, blackbox.KindState, c.Records[1].Kind)
			require.Equal(t, "mem suspected", c.Records[1].Text)
			require.Equal(t, blackbox.KindEvent, c.Records[2].Kind)
			require.Equal(t, "20260102-mem", c.Records[2].ID)
			require.Equal(t, "memory 97 %", c.Records[2].Text)

			live := testkit.Must(b.Contents())(t)
			require.Equal(t, c, live)

			require.NoError(t, b.Close(t.Context()))
			b.State(at, "too late")
			require.NoError(t, b.Close(t.Context()), "a second time does nothing")
			require.NoError(t, b.Flush(t.Context()))
			require.ErrorContains(t, testkit.Err(b.Contents()), "closed")
			c = read(t, dir)
			require.True(t, c.Clean())
			require.WithinDuration(t, time.Now(), c.Closed, time.Minute)
			require.Len(t, c.Records, 3)
		})
	}
}

// The default holds the last 10 minutes at a second each, and neither ring
// pushes out what is in the other.
func TestRingsHoldTheWindow(t *testing.T) {
	for _, m := range append(media(), blackbox.Memory) {
		t.Run(m.String(), func(t *testing.T) {
			b := open(t, t.TempDir(), "run", blackbox.Config{Medium: m})
			for n := range uint64(5000) {
				put(b, n+1)
			}
			require.NoError(t, b.Flush(t.Context()))
			c := testkit.Must(b.Contents())(t)
			require.EqualValues(t, 5000, requireWhole(t, c))
			require.Len(t, c.Records, c.Samples+c.Events)
			require.GreaterOrEqual(t, c.Samples, 601)
			require.Equal(t, 256, c.Events)

			for range 5000 {
				b.State(time.Now(), "storm")
			}
			c = testkit.Must(b.Contents())(t)
			require.Len(t, c.Records, c.Samples+c.Events)
			require.EqualValues(t, 5000, c.Records[c.Samples-1].Sample.CPU)
		})
	}
}

func TestConfig(t *testing.T) {
	for name, test := range map[string]struct {
		config          blackbox.Config
		samples, events int
	}{
		"default":         {blackbox.Config{}, 608, 256},
		"other interval":  {blackbox.Config{Interval: 5 * time.Second}, 128, 256},
		"other window":    {blackbox.Config{Window: time.Minute}, 68, 256},
		"few events":      {blackbox.Config{Events: 1}, 608, 1},
		"more than 4 MiB": {blackbox.Config{Interval: time.Millisecond, Events: math.MaxInt32}, 8192, 8192},
	} {
		t.Run(name, func(t *testing.T) {
			c := testkit.Must(blackbox.New(test.config).Contents())(t)
			require.Equal(t, test.samples, c.Samples)
			require.Equal(t, test.events, c.Events)
		})
	}
	for name, c := range map[string]blackbox.Config{
		"window":   {Window: -1},
		"interval": {Interval: -1},
		"events":   {Events: -1},
		"medium":   {Medium: blackbox.Memory + 1},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			b, err := blackbox.Open(root(t, dir), "run", c)
			require.ErrorContains(t, err, "invalid config")
			require.Equal(t, blackbox.Memory, b.Medium())
			put(b, 1)
			require.Empty(t, files(t, dir))
		})
	}
}

func TestTextIsCutAtARune(t *testing.T) {
	b := blackbox.New(blackbox.Config{})
	long := strings.Repeat("ä", 500)
	b.State(time.Now(), long)
	b.Event(time.Now(), "x"+long, long)
	b.Event(time.Now(), "", "")
	b.Event(time.Now(), "id", "seven b")
	c := testkit.Must(b.Contents())(t)
	require.Len(t, c.Records, 4)
	require.Zero(t, c.Torn)
	require.Equal(t, strings.Repeat("ä", 108), c.Records[0].Text)
	require.Equal(t, "x"+strings.Repeat("ä", 63), c.Records[1].ID)
	require.True(t, utf8.ValidString(c.Records[1].Text))
	require.GreaterOrEqual(t, len(c.Records[1].Text), 88)
	require.Empty(t, c.Records[2].Text)
	require.Equal(t, "id", c.Records[3].ID)
	require.Equal(t, "seven b", c.Records[3].Text)
}

func TestFileIsPrivateAndNew(t *testing.T) {
	dir := t.TempDir()
	dirRoot := root(t, dir)
	open(t, dir, "run", blackbox.Config{})
	info := testkit.Must(os.Lstat(filepath.Join(dir, "run.box")))(t)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	require.Equal(t, []string{"run.box"}, files(t, dir))

	require.ErrorIs(t, testkit.Err(blackbox.Open(dirRoot, "run", blackbox.Config{})), fs.ErrExist)
	require.Equal(t, []string{"run.box"}, files(t, dir))

	// Links, whether to something or to nothing, are neither followed nor replaced.
	elsewhere := filepath.Join(t.TempDir(), "target")
	for _, name := range []string{"link.box", ".temp.box.tmp"} {
		require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, name)))
	}
	for _, name := range []string{"link", "temp"} {
		b, err := blackbox.Open(dirRoot, name, blackbox.Config{})
		require.ErrorIs(t, err, fs.ErrExist)
		require.Equal(t, blackbox.Memory, b.Medium())
		put(b, 1)
	}
	require.NoFileExists(t, elsewhere)
	require.ErrorIs(t, testkit.Err(blackbox.Read(filepath.Join(dir, "link.box"))), blackbox.ErrFormat)

	for _, name := range []string{"", ".", "..", ".hidden", "a/b", "../b", `a\b`, "c:", "n\x00l", strings.Repeat("n", 129)} {
		require.ErrorIs(t, testkit.Err(blackbox.Open(dirRoot, name, blackbox.Config{})), blackbox.ErrName, "%q", name)
	}
}

// The reader counts on nothing but the file: it may grow old under it.
func TestManyWriteAtOnce(t *testing.T) {
	for _, m := range append(media(), blackbox.Memory) {
		t.Run(m.String(), func(t *testing.T) {
			b := open(t, t.TempDir(), "run", blackbox.Config{Events: 2000, Medium: m})
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					for range 400 {
						b.Event(time.Now(), "id", eventText(1))
					}
				})
			}
			wg.Go(func() {
				for range 20 {
					if _, err := b.Contents(); err != nil {
						t.Error(err)
					}
				}
			})
			wg.Wait()
			c := testkit.Must(b.Contents())(t)
			require.Len(t, c.Records, 1600)
			wg.Go(func() { put(b, 1) })
			wg.Go(func() { _ = b.Flush(context.Background()) })
			require.NoError(t, b.Close(t.Context()))
			wg.Wait()
		})
	}
}
