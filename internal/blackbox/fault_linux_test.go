package blackbox_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/testkit"
)

func platformJobs() map[string]func(*os.Root, blackbox.Config) error {
	return map[string]func(*os.Root, blackbox.Config) error{
		"freeze": boxed(childFreeze), "cut": boxed(childCut), "hole": boxed(childHole),
	}
}

// A full disk shows when the box is made, not when it is written to.
func TestFullDisk(t *testing.T) {
	for _, m := range []blackbox.Medium{blackbox.Auto, blackbox.Written} {
		t.Run(m.String(), func(t *testing.T) {
			dir := testkit.Tmpfs(t, "size=128k")
			b, err := blackbox.Open(root(t, dir), "run", blackbox.Config{Medium: m})
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.Equal(t, blackbox.Memory, b.Medium())
			require.Empty(t, files(t, dir))
			put(b, 1)
			c := testkit.Must(b.Contents())(t)
			require.EqualValues(t, 1, requireWhole(t, c))
		})
	}
	t.Run("later", func(t *testing.T) {
		dir := testkit.Tmpfs(t, "size=256k")
		b := open(t, dir, "run", blackbox.Config{})
		require.Equal(t, blackbox.Mapped, b.Medium(), "a file system in memory")
		require.NoError(t, testkit.Err(testkit.FillDisk(dir)))
		for n := range uint64(2000) {
			put(b, n+1)
		}
		require.NoError(t, b.Close(t.Context()))
		require.EqualValues(t, 2000, requireWhole(t, read(t, dir)))
	})
}

// report says how a box of a child got over what happened to its file.
func report(b *blackbox.Box) error {
	for n := range uint64(1000) {
		put(b, n+1)
	}
	fmt.Println(b.Err())
	_, err := b.Contents()
	fmt.Println(err)
	fmt.Println(b.Close(context.Background()))
	return nil
}

func childCut(dir *os.Root, b *blackbox.Box) error {
	if err := os.Truncate(filepath.Join(dir.Name(), "run.box"), 0); err != nil {
		return err
	}
	return report(b)
}

// childHole takes the blocks of a box away, and none can be allocated again.
func childHole(dir *os.Root, b *blackbox.Box) error {
	f, err := dir.OpenFile("run.box", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	const keepSize, punchHole = 1, 2
	if err := syscall.Fallocate(int(f.Fd()), keepSize|punchHole, 0, 1<<20); err != nil {
		return err
	}
	if _, err := testkit.FillDisk(dir.Name()); err != nil {
		return err
	}
	return report(b)
}

// The host survives every change of a mapped file.
func TestMappedFileIsTakenAway(t *testing.T) {
	for name, dir := range map[string]string{"cut": t.TempDir(), "hole": testkit.Tmpfs(t, "size=512k")} {
		t.Run(name, func(t *testing.T) {
			j := start(t, name, dir, blackbox.Mapped)
			for _, when := range []string{"writing", "reading", "closing"} {
				require.Contains(t, j.Line(t), "the mapped file is gone", when)
			}
			require.NoError(t, j.Wait())
		})
	}
}

// A written file that is truncated grows again, without its header.
func TestWrittenFileIsCut(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir, "run", blackbox.Config{Medium: blackbox.Written})
	require.NoError(t, os.Truncate(filepath.Join(dir, "run.box"), 0))
	put(b, 3)
	require.NoError(t, b.Close(t.Context()))
	require.ErrorIs(t, testkit.Err(blackbox.Read(filepath.Join(dir, "run.box"))), blackbox.ErrFormat)
}

// realDisk mounts an ext4 of its own, or skips the test.
func realDisk(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a file system")
	}
	dir := t.TempDir()
	image, mounted := filepath.Join(dir, "image"), filepath.Join(dir, "mounted")
	require.NoError(t, os.Mkdir(mounted, 0o700))
	require.NoError(t, os.WriteFile(image, nil, 0o600))
	require.NoError(t, os.Truncate(image, 16<<20))
	for _, command := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, mounted}} {
		out, err := exec.CommandContext(t.Context(), command[0], command[1:]...).CombinedOutput()
		if err != nil {
			t.Skipf("%v: %v %s", command, err, out)
		}
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(mounted, syscall.MNT_DETACH)) })
	return mounted
}

// freeze has a file system hold all writes, as for a snapshot of it.
func freeze(t *testing.T, dir string) (thaw func()) {
	t.Helper()
	const fifreeze, fithaw = 0xc0045877, 0xc0045878 // linux/fs.h
	f := testkit.Must(os.Open(dir))(t)
	do := func(request uintptr) syscall.Errno {
		_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), request, 0)
		return errno
	}
	if errno := do(fifreeze); errno != 0 {
		_ = f.Close()
		t.Skipf("this machine does not let us freeze a file system: %v", errno)
	}
	frozen := true
	thaw = func() {
		if frozen {
			frozen = false
			require.Zero(t, do(fithaw))
			require.NoError(t, f.Close())
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// childFreeze writes to a disk that holds all writes, and has the runtime stop
// the world.
func childFreeze(dir *os.Root, b *blackbox.Box) error {
	put(b, 1)
	if err := b.Flush(context.Background()); err != nil {
		return err
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the disk is frozen
	written := make(chan struct{})
	go func() {
		put(b, 2)
		close(written)
	}()
	for range 50 {
		runtime.GC()
	}
	fmt.Println("collected")
	<-written
	err := b.Close(context.Background())
	fmt.Println("closed")
	return err
}

// The reason why a box on a disk is not mapped: the runtime cannot stop a
// goroutine that waits in a page fault, and with it waits for the disk.
func TestFrozenDiskDoesNotStopTheHost(t *testing.T) {
	for _, m := range []blackbox.Medium{blackbox.Auto, blackbox.Mapped} {
		t.Run(m.String(), func(t *testing.T) {
			dir := realDisk(t)
			j := start(t, "freeze", dir, m)
			require.Equal(t, "open", j.Line(t))
			thaw := freeze(t, dir)
			require.NoError(t, j.Stdin.Close())
			lines := make(chan string, 2)
			go func() {
				defer close(lines)
				for j.Lines.Scan() {
					lines <- j.Lines.Text()
				}
			}()
			if m == blackbox.Mapped {
				select {
				case line := <-lines:
					require.Fail(t, "a mapped box did not stop the world", line)
				case <-time.After(2 * time.Second):
				}
				thaw()
			}
			select {
			case line := <-lines:
				require.Equal(t, "collected", line)
			case <-time.After(20 * time.Second):
				require.Fail(t, "the host is stopped by a disk that does not answer")
			}
			thaw()
			require.Equal(t, "closed", <-lines)
			require.NoError(t, j.Wait())
			require.EqualValues(t, 2, requireWhole(t, read(t, dir)))
		})
	}
}

// Close on a disk that does not answer waits no longer than its context.
func TestCloseIsBounded(t *testing.T) {
	dir := realDisk(t)
	b := testkit.Must(blackbox.Open(root(t, dir), "run", blackbox.Config{}))(t)
	require.Equal(t, blackbox.Written, b.Medium())
	thaw := freeze(t, dir)
	put(b, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, b.Flush(ctx), context.DeadlineExceeded)
	require.ErrorIs(t, b.Close(ctx), context.DeadlineExceeded)
	thaw()
	require.NoError(t, b.Close(t.Context()))
	require.EqualValues(t, 1, requireWhole(t, read(t, dir)))
}
