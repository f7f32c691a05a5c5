package testkit

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// OwnMounts reports whether the test continues in this process. A test that mounts file
// systems runs again in a process with a mount namespace of its own, so that no other
// process sees its mounts and none outlives it. It needs root and skips the test
// without.
func OwnMounts(t *testing.T) bool {
	t.Helper()
	const inside = "HOLMES_TEST_OWN_MOUNTS"
	if os.Getenv(inside) == t.Name() {
		return true
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can mount file systems")
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.v", "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), inside+"="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Skipf("this machine does not let us make a mount namespace: %v", err)
	}
	t.Logf("%s", out)
	require.NoError(t, err)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// Mount mounts a file system for the time of a test that has [OwnMounts].
func Mount(t testing.TB, source, target, kind string, flags uintptr, options string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(target, 0o755))
	require.NoError(t, syscall.Mount(source, target, kind, flags, options))
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(target, syscall.MNT_DETACH)) })
}

// ReadOnly mounts a directory over itself, read-only.
func ReadOnly(t testing.TB, dir string) {
	t.Helper()
	Mount(t, dir, dir, "", syscall.MS_BIND, "")
	require.NoError(t, syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}

// StartAs is [Start] for a process of another user, or in namespaces of its own, and
// without some of the capabilities of root.
func StartAs(t testing.TB, as *syscall.SysProcAttr, without []uintptr, env ...string) *Child {
	t.Helper()
	// By this name, because another user may have no access to its directory.
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Dir, cmd.SysProcAttr = "/", as
	c := prepare(t, cmd, env)
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine, and with it what it has dropped
		for _, capability := range without {
			_, _, errno := syscall.Syscall(syscall.SYS_PRCTL, syscall.PR_CAPBSET_DROP, capability, 0)
			if errno != 0 {
				started <- errno
				return
			}
		}
		started <- cmd.Start()
	}()
	require.NoError(t, <-started)
	return c
}
