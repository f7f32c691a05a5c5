package holmes_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/dump"
	"github.com/go-holmes/holmes/internal/testkit"
)

// timedLog keeps lines and when they came.
type timedLog struct {
	mu    sync.Mutex
	lines []timedLine
}

type timedLine struct {
	at   time.Time
	text string
}

func (l *timedLog) add(f string, a []any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, timedLine{time.Now(), fmt.Sprintf(f, a...)})
}

func (l *timedLog) Debugf(f string, a ...any) { l.add(f, a) }
func (l *timedLog) Infof(f string, a ...any)  { l.add(f, a) }
func (l *timedLog) Warnf(f string, a ...any)  { l.add(f, a) }
func (l *timedLog) Errorf(f string, a ...any) { l.add(f, a) }

// requireQuiet asserts that no cause is logged twice within five minutes. A
// cause is what a line says without ids, paths and figures.
func (l *timedLog) requireQuiet(t *testing.T) (causes int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	detail := regexp.MustCompile(`[^ ]*[0-9/][^ ]*`)
	last := map[string]time.Time{}
	for _, line := range l.lines {
		cause := detail.ReplaceAllString(line.text, "#")
		if regexp.MustCompile(`^holmes: captured on demand`).MatchString(cause) {
			continue // that is the event
		}
		if at, again := last[cause]; again {
			require.GreaterOrEqual(t, line.at.Sub(at), 5*time.Minute, line.text)
		}
		last[cause] = line.at
	}
	return len(last)
}

// The disk fails in every way for half an hour. Every event is delivered
// all the same, from memory; what could not be delivered meanwhile is on disk
// when the disk has mended, and nothing half-written.
func TestDiskFailsInEveryWay(t *testing.T) {
	for name, breaks := range map[string]func(t *testing.T, l *lab, disk *plan) (mend func()){
		"disk full":                   fillDisk,
		"read-only":                   readOnly,
		"no descriptors":              noDescriptors,
		"directory removed":           directoryRemoved,
		"permission denied":           injected(syscall.EACCES, ""),
		"input and output errors":     injected(syscall.EIO, ""),
		"short writes":                injected(io.ErrShortWrite, "write"),
		"syncs fail":                  injected(syscall.EIO, "sync"),
		"renames fail":                injected(syscall.EIO, "rename"),
		"nothing can be made":         injected(syscall.ENOSPC, "mkdir"),
		"nothing can be locked":       injected(syscall.EIO, "lock"),
		"directory is open to others": loosened,
	} {
		t.Run(name, func(t *testing.T) {
			dir := tinyDisk(t)
			synctest.Test(t, func(t *testing.T) { diskStory(t, dir, breaks) })
		})
	}
}

func diskStory(t *testing.T, dir string, breaks func(t *testing.T, l *lab, disk *plan) (mend func())) {
	t.Helper()
	lines, well, slow := &timedLog{}, newReceiver("well"), newReceiver("slow")
	l := newLab(t, holmes.WithDumpPath(filepath.Join(dir, "evidence")), holmes.WithReporter(well), holmes.WithReporter(slow),
		holmes.WithLogger(lines), holmes.WithDumpFree(0))
	l.dir = filepath.Join(dir, "evidence")
	disk := &plan{}
	l.SetFault(disk.fault)
	content := bytes.Repeat([]byte("profile "), 4000)
	l.SetCapture(holmes.KindThreadcreate, 0, writes(content))
	mend := breaks(t, l, disk)
	if !l.Stats().Running {
		l.run(t)
	}
	slow.set(down)
	var ids []string
	events := testkit.Heavy(30, 8) // one a minute
	for range events {
		ids = append(ids, l.capture(t))
		seconds(60)
	}
	require.Equal(t, ids, well.ids(), "every event is delivered")
	for _, id := range ids {
		requireContent(t, well.event(id), content)
	}
	s := l.Stats()
	require.Zero(t, s.Bugs)
	held := s.Dump.InMemory
	require.Equal(t, events, l.reporter(t, "slow").Waiting)

	mend()
	seconds(90)
	ids = append(ids, l.capture(t))
	seconds(1)
	s = l.Stats()
	require.NoError(t, s.Dump.Err)
	require.Zero(t, s.Dump.InMemory, "what was in memory is on disk")
	require.Len(t, marks(t, l.dir, "slow"), events+1)
	temps := testkit.Must(filepath.Glob(filepath.Join(l.dir, "*", ".*.tmp")))(t)
	require.Empty(t, temps)
	t.Logf("%d events in memory, %d causes in the log", held, lines.requireQuiet(t))
	l.Stop()

	slow.set(nil)
	next := newLab(t, holmes.WithDumpPath(l.dir), holmes.WithReporter(slow)).run(t)
	seconds(61)
	require.ElementsMatch(t, ids, slow.ids(), "and delivered after a restart")
	for _, id := range ids {
		requireContent(t, slow.event(id), content)
	}
	next.Stop()
}

func requireContent(t *testing.T, e *holmes.Event, want []byte) {
	t.Helper()
	r, err := e.Profile(holmes.KindThreadcreate).Open()
	if err != nil { // the file of an event that was removed since
		require.ErrorIs(t, err, os.ErrNotExist)
		return
	}
	defer r.Close()
	got := testkit.Must(io.ReadAll(r))(t)
	require.Equal(t, want, got)
}

// tinyDisk mounts a file system of its own, or returns a directory.
func tinyDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 || syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=0700,size=8m") != nil {
		return dir
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// mounted reports whether a directory is a mount of tinyDisk.
func mounted(t *testing.T, dir string) bool {
	t.Helper()
	var s syscall.Statfs_t
	require.NoError(t, syscall.Statfs(filepath.Dir(dir), &s))
	return s.Blocks*uint64(s.Bsize) == 8<<20
}

func fillDisk(t *testing.T, l *lab, _ *plan) func() {
	t.Helper()
	if !mounted(t, l.dir) {
		t.Skip("this machine does not let us mount a tmpfs")
	}
	l.run(t)
	ballast := testkit.Must(testkit.FillDisk(filepath.Dir(l.dir)))(t)
	return func() { require.NoError(t, os.Remove(ballast)) }
}

func readOnly(t *testing.T, l *lab, _ *plan) func() {
	t.Helper()
	dir := filepath.Dir(l.dir)
	if !mounted(t, l.dir) {
		t.Skip("this machine does not let us mount a tmpfs")
	}
	mount := func(flags uintptr) {
		require.NoError(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT|flags, "size=8m"))
	}
	mount(syscall.MS_RDONLY)
	return func() { mount(0) }
}

func noDescriptors(t *testing.T, l *lab, _ *plan) func() {
	t.Helper()
	l.run(t)
	var usual syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_NOFILE, &usual))
	none := usual
	none.Cur = 3
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none))
	mend := func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &usual)) }
	t.Cleanup(mend)
	return mend
}

func directoryRemoved(t *testing.T, l *lab, _ *plan) func() {
	t.Helper()
	l.run(t)
	synctest.Wait() // a file that is made meanwhile would keep the directory
	require.NoError(t, os.RemoveAll(l.dir))
	require.NoError(t, os.WriteFile(l.dir, nil, 0o600))
	return func() { require.NoError(t, os.Remove(l.dir)) }
}

func loosened(t *testing.T, l *lab, _ *plan) func() {
	t.Helper()
	l.run(t)
	require.NoError(t, os.Chmod(l.dir, 0o777))
	return func() { require.NoError(t, os.Chmod(l.dir, 0o700)) }
}

// injected makes operations fail, all of them or those of one kind.
func injected(err error, kind string) func(t *testing.T, l *lab, disk *plan) (mend func()) {
	return func(t *testing.T, l *lab, disk *plan) func() {
		t.Helper()
		l.run(t)
		disk.set(func(op string) error {
			if kind == "" || op == kind {
				return err
			}
			return nil
		})
		return func() { disk.set(nil) }
	}
}

// A plan says which operations fail.
type plan struct {
	mu   sync.Mutex
	fail func(op string) error
}

func (p *plan) set(fail func(op string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = fail
}

func (p *plan) fault(op, _ string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil {
		return nil
	}
	return p.fail(op)
}

// Events in memory are bounded by count and by bytes; the oldest is dropped and
// counted.
func TestMemoryForEventsIsBounded(t *testing.T) {
	for name, c := range map[string]struct{ events, size int }{"many": {100, 1000}, "large": {15, 3 << 20}} {
		t.Run(name, func(t *testing.T) {
			content := bytes.Repeat([]byte("profile "), c.size/8)
			synctest.Test(t, func(t *testing.T) {
				r := newReceiver("receiver")
				r.set(down)
				l := newLab(t, holmes.WithDumpPath("/dev/null/none"), holmes.WithReporter(r))
				l.SetCapture(holmes.KindThreadcreate, 0, writes(content))
				l.run(t)
				var ids []string
				for range c.events {
					ids = append(ids, l.capture(t))
					require.LessOrEqual(t, l.BytesInMemory(), holmes.MaxInMemoryBytes)
					require.LessOrEqual(t, l.Stats().Dump.InMemory, holmes.MaxInMemory)
				}
				seconds(1)
				s := l.reporter(t, "receiver")
				require.EqualValues(t, c.events, s.Offered)
				require.EqualValues(t, c.events-s.Waiting, s.Dropped["queue full"])
				require.Greater(t, s.Waiting, 5)
				r.set(nil)
				seconds(61)
				require.ElementsMatch(t, ids[c.events-s.Waiting:], r.ids(), "the newest are kept")
				require.Zero(t, l.BytesInMemory())
			})
		})
	}
}

// While little memory is free, events in memory take a twentieth of that: fewer are kept,
// and a profile that is larger is left out with the reason.
func TestMemoryForEventsFollowsWhatIsFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReceiver("receiver")
		r.set(down)
		l := newLab(t, holmes.WithMemoryOnly(true), holmes.WithReporter(r))
		l.host.Memory(984 << 20) // of 1 GiB
		l.Disable(holmes.SignalMem, holmes.SignalGCHeap)
		const most = 40 << 20 / 20
		l.SetCapture(holmes.KindThreadcreate, 0, writes(bytes.Repeat([]byte("profile "), 64<<10)))
		l.run(t)
		seconds(1)
		for range 10 {
			l.capture(t)
			require.LessOrEqual(t, l.BytesInMemory(), most)
		}
		require.Equal(t, 3, l.Stats().Dump.InMemory)

		l.SetCapture(holmes.KindThreadcreate, 0, writes(make([]byte, most+1)))
		e := testkit.Must(l.CaptureNow(t.Context(), holmes.KindThreadcreate))(t)
		require.Contains(t, e.Profiles[0].Note, "larger than 2048 KiB, the limit of an event in memory")
		require.False(t, e.Profiles[0].Captured())
	})
}

// A tmpfs that others have filled is told of, where one that holds all it may is not.
func TestFullTmpfsIsTold(t *testing.T) {
	if !testkit.OwnMounts(t) {
		return
	}
	dir := t.TempDir()
	testkit.Mount(t, "none", dir, "tmpfs", 0, "mode=1777,size=4m")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "others"), make([]byte, 4<<20-64<<10), 0o600))
	lines := &lineLog{}
	h := testkit.Must(holmes.New(holmes.WithDumpPath(dir), holmes.WithLogger(lines), holmes.WithBaseline(0)))(t)
	require.NoError(t, h.Start())
	defer h.Stop()
	e := testkit.Must(h.CaptureNow(t.Context(), holmes.KindGoroutine))(t)
	require.Empty(t, e.Dir)
	require.ErrorIs(t, h.Stats().Dump.Err, dump.ErrDiskFull)
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(lines.all(), "\n"), "the disk is full") }, time.Minute, time.Millisecond)
}
