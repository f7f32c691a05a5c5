package blackbox

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/filelock"
	"github.com/go-holmes/holmes/internal/testkit"
)

func TestJudge(t *testing.T) {
	me := &Header{PID: 1, BootID: "boot", Namespace: 5, ProcessStart: 100}
	for name, test := range map[string]struct {
		h    Header
		p    process
		want verdict
	}{
		"same process":       {Header{PID: 7, BootID: "boot", Namespace: 5, ProcessStart: 30}, process{true, 30}, alive},
		"gone":               {Header{PID: 7, BootID: "boot", Namespace: 5, ProcessStart: 30}, process{false, 0}, dead},
		"number taken again": {Header{PID: 7, BootID: "boot", Namespace: 5, ProcessStart: 30}, process{true, 31}, dead},
		"not to be seen":     {Header{PID: 7, BootID: "boot", Namespace: 5, ProcessStart: 30}, process{true, 0}, unknown},
		"other machine":      {Header{PID: 7, BootID: "other", Namespace: 5, ProcessStart: 30}, process{false, 0}, unknown},
		"other container":    {Header{PID: 7, BootID: "boot", Namespace: 6, ProcessStart: 30}, process{false, 0}, unknown},
		"nothing known":      {Header{PID: 7}, process{false, 0}, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, test.h.judge(me, func(pid int) process {
				require.Equal(t, 7, pid)
				return test.p
			}))
		})
	}
}

func TestIdentify(t *testing.T) {
	testkit.OnLinux(t, "only Linux has /proc")
	h := Header{PID: os.Getpid()}
	h.identify()
	require.Len(t, h.BootID, 36)
	require.Positive(t, h.Namespace)
	require.Positive(t, h.Uptime)
	require.Equal(t, process{found: true, start: h.ProcessStart}, findProcess(os.Getpid()))
	require.Equal(t, process{}, findProcess(1<<30))
	require.Equal(t, alive, h.judge(&h, findProcess))
}

// Without locks the header decides, and after an hour of silence the clock; of
// several processes one succeeds in renaming.
func TestAdoptWithoutLocks(t *testing.T) {
	testkit.OnLinux(t, "the header says too little elsewhere")
	dir := testkit.Must(os.OpenRoot(t.TempDir()))(t)
	defer dir.Close()
	leave := func(name string, change func(*Header)) {
		h, err := Config{Window: time.Second, Events: 1}.header()
		require.NoError(t, err)
		change(h)
		f := testkit.Must(createFile(dir, name, boxSuffix, asBytes(newBox(h).words)))(t)
		require.NoError(t, f.Close())
	}
	leave("alive", func(*Header) {})
	leave("dead", func(h *Header) { h.ProcessStart++ })
	leave("unknown", func(h *Header) { h.BootID = "other" })
	crash := testkit.Must(createFile(dir, "crash", crashSuffix, []byte("panic: boom")))(t)
	require.NoError(t, crash.Close())
	calm := testkit.Must(createFile(dir, "calm", crashSuffix, nil))(t)
	require.NoError(t, calm.Close())

	noLocks := func(*os.File) error { return filelock.ErrNoLocks }
	adopt := func(in time.Duration) (names []string, all []*Orphan) {
		all, _, err := adoption{Claim: Claim{Runs: 10}, dir: dir, lock: noLocks, now: time.Now().Add(in)}.adopt()
		require.NoError(t, err)
		for _, o := range all {
			names = append(names, o.Name)
		}
		return names, all
	}
	names, first := adopt(0)
	require.Equal(t, []string{"crash", "dead"}, names)
	names, _ = adopt(0)
	require.Empty(t, names, "they are taken")
	require.NoError(t, first[0].Remove(dir))
	require.NoError(t, first[1].Release(dir))
	names, again := adopt(0)
	require.Equal(t, []string{"dead"}, names)
	require.NoError(t, again[0].Remove(dir))

	names, late := adopt(2 * time.Hour)
	require.Equal(t, []string{"unknown"}, names)
	require.NoError(t, late[0].Remove(dir))
	names, _ = adopt(2 * time.Hour)
	require.Empty(t, names)
	require.NoError(t, testkit.Err(dir.Lstat("alive.box")))
}

// A file that another process removes before it is locked is no orphan.
func TestAdoptAfterAnother(t *testing.T) {
	dir := testkit.Must(os.OpenRoot(t.TempDir()))(t)
	defer dir.Close()
	f := testkit.Must(createFile(dir, "run", boxSuffix, small()))(t)
	require.NoError(t, f.Close())
	faster := func(*os.File) error { return dir.Remove("run" + boxSuffix) }
	orphans, dropped, err := adoption{Claim: Claim{Runs: 10}, dir: dir, lock: faster, now: time.Now()}.adopt()
	require.NoError(t, err)
	require.Empty(t, orphans)
	require.Zero(t, dropped)
}

// A writer skips replaced events, writes the others, and ends.
func TestTakeSkipsReplacedEvents(t *testing.T) {
	b := New(Config{Window: time.Second, Events: 4})
	b.medium, b.writer = Written, newWriter(&Header{})
	f := testkit.Must(os.CreateTemp(t.TempDir(), ""))(t)
	b.file = f
	for range 11 {
		b.State(time.Now(), "state")
	}
	go b.write()
	require.NoError(t, b.Close(context.Background()))
	require.EqualValues(t, 11, b.writer.events)
	info := testkit.Must(os.Stat(f.Name()))(t)
	require.EqualValues(t, headerSize+(b.events.base+4)*slotSize, info.Size())
	data := testkit.Must(os.ReadFile(f.Name()))(t)
	for n, w := range [...]uint64{9, 10, 11, 8} {
		slot := toWords(data[headerSize+(b.events.base+n)*slotSize:])
		require.Equal(t, w, slot[slotSeq])
	}
}
