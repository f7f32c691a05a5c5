package holmes_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/go-holmes/holmes/reporters"
)

func init() { jobs["pod"] = childPod }

// childPod is the service of the manifest. It starts when it is told to. If the order is to
// leak, it does so until holmes suspects it.
func childPod() error {
	fmt.Println("ready")
	orders := bufio.NewScanner(os.Stdin)
	orders.Scan() // by then it is in its control groups
	h, err := holmes.New(holmes.FromEnv(), reporters.FromEnv())
	if err != nil {
		return err
	}
	if err := h.Start(); err != nil {
		return err
	}
	defer h.Stop()
	for orders.Text() == "leak" && !suspected(h) {
		sessions = append(sessions, bytes.Repeat([]byte("session "), 128<<10))
		<-time.After(10 * time.Millisecond)
	}
	fmt.Println("running")
	orders.Scan()
	return nil
}

// sessions is never emptied.
var sessions [][]byte

// suspected reports whether there was an event of memory.
func suspected(h *holmes.Holmes) bool {
	return slices.ContainsFunc(h.Stats().Signals, func(s holmes.SignalStats) bool {
		return s.Signal == holmes.SignalMem && s.Suspected > 0
	})
}

// A node is where the container of a manifest runs.
type node struct {
	*manifest
	root    string            // of the container
	volumes map[string]string // the directory of each emptyDir, by its name
	groups  []string
}

// newNode makes the mounts and the limits of a manifest, as a kubelet does.
func newNode(t *testing.T, m *manifest) *node {
	t.Helper()
	n := &node{manifest: m, root: t.TempDir(), volumes: map[string]string{}}
	testkit.Mount(t, "none", n.root, "tmpfs", 0, "mode=0755")
	for _, dir := range []string{"/usr", "/lib", "/lib64", "/proc"} { // an image without an /etc/passwd
		n.bind(t, dir, dir, 0)
	}
	n.bind(t, "/sys/fs/cgroup", "/sys/fs/cgroup", syscall.MS_REC)
	for _, mount := range m.container().VolumeMounts {
		from := t.TempDir()
		v := m.volumeAt(t, mount.MountPath)
		if v.EmptyDir != nil {
			require.NoError(t, os.Chmod(from, 0o777))
			n.volumes[v.Name] = from
		} else {
			writeSecret(t, from, "token")
		}
		n.bind(t, from, mount.MountPath, 0)
		if mount.ReadOnly {
			remountReadOnly(t, filepath.Join(n.root, mount.MountPath))
		}
	}
	if m.container().SecurityContext.ReadOnlyRootFilesystem {
		remountReadOnly(t, n.root)
	}
	n.limit(t)
	return n
}

// bind mounts a path of this machine in the container.
func (n *node) bind(t *testing.T, from, to string, flags uintptr) {
	t.Helper()
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return // such as /lib64
	}
	testkit.Mount(t, from, filepath.Join(n.root, to), "", syscall.MS_BIND|flags, "")
}

func remountReadOnly(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, syscall.Mount("", path, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
}

// writeSecret lays a secret out as the kubelet does, which exchanges the link "..data".
func writeSecret(t *testing.T, dir, key string) {
	t.Helper()
	const version = "..2026_05_04"
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(dir, version), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, version, key), []byte("s3cret\n"), 0o644))
	require.NoError(t, os.Symlink(version, filepath.Join(dir, "..data")))
	require.NoError(t, os.Symlink("..data/"+key, filepath.Join(dir, key)))
}

// limit makes control groups with the container's limits, or skips the test.
func (n *node) limit(t *testing.T) {
	t.Helper()
	limits := n.container().Resources.Limits
	for _, controller := range []string{"memory", "cpu"} {
		h, err := realgroup.Find(controller)
		if errors.Is(err, realgroup.ErrNone) {
			t.Skip(err)
		}
		require.NoError(t, err)
		if !h.V2 || len(n.groups) == 0 { // v2 has one for all controllers
			group := testkit.Must(h.Make())(t)
			t.Cleanup(func() { require.NoError(t, realgroup.Remove(group)) })
			n.groups = append(n.groups, group)
		}
		group := n.groups[len(n.groups)-1]
		if controller == "memory" {
			require.NoError(t, h.LimitMemory(group, quantity(t, limits["memory"])))
		} else {
			require.NoError(t, h.LimitCPU(group, float64(quantity(t, limits["cpu"]))/1000))
		}
	}
}

// start starts the container, with an order for childPod. It has no network, so that its
// collector is out of reach.
func (n *node) start(t *testing.T, order string) *testkit.Child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe")
	cmd.Dir = "/"
	cmd.Env = []string{childEnv + "=pod"} // which makes the test binary the service
	for name, value := range n.environment(t, podFields()) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	as := n.pod.SecurityContext
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot: n.root, Unshareflags: syscall.CLONE_NEWNET,
		Credential: &syscall.Credential{Uid: as.RunAsUser, Gid: as.RunAsGroup},
	}
	log := &bytes.Buffer{}
	cmd.Stderr = log
	out := testkit.Must(cmd.StdoutPipe())(t)
	c := &testkit.Child{Cmd: cmd, Stdin: testkit.Must(cmd.StdinPipe())(t), Output: out, Lines: bufio.NewScanner(out)}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { // before its groups are removed
		_, _ = cmd.Process.Kill(), cmd.Wait()
		t.Logf("%s: %s", order, log)
	})
	require.Equal(t, "ready", c.Line(t))
	for _, group := range n.groups {
		require.NoError(t, realgroup.Move(cmd.Process.Pid, group))
	}
	require.NoError(t, testkit.Err(io.WriteString(c.Stdin, order+"\n")))
	require.Equal(t, "running", c.Line(t))
	return c
}

// eventOn waits for the event of a signal on a volume.
func eventOn(t *testing.T, dir string, signal holmes.Signal) (e *holmes.Event) {
	t.Helper()
	require.Eventually(t, func() bool {
		dirs, _ := filepath.Glob(filepath.Join(dir, "2*-"+string(signal)+"-*"))
		for _, path := range dirs {
			if got, err := holmes.LoadEvent(path); err == nil && got.State == holmes.StateConfirmed {
				e = got
			}
		}
		return e != nil
	}, time.Minute, 10*time.Millisecond)
	return e
}

// A stranger applies the manifest of docs/operations.md. The service leaks and is killed.
// Its events are on the volume after that, under the names of the manifest, and the next
// container of the pod tells how it ended.
func TestManifestKeepsTheEventsOfAKilledPod(t *testing.T) {
	testkit.Parallel(t)
	if !testkit.OwnMounts(t) {
		return
	}
	n := newNode(t, readManifest(t))
	path := n.environment(t, podFields())["HOLMES_DUMP_PATH"]
	user := strconv.Itoa(int(n.pod.SecurityContext.RunAsUser))
	dir := filepath.Join(n.volumes[n.volumeAt(t, path).Name], "holmes-"+user)

	c := n.start(t, "leak")
	eventOn(t, dir, holmes.SignalMem)
	c.Kill(t)

	killed := eventOn(t, dir, holmes.SignalMem)
	requirePodLabels(t, killed)
	require.Equal(t, uint64(quantity(t, n.container().Resources.Limits["memory"])), killed.Readings.MemoryLimit)
	require.Equal(t, "1", strconv.FormatFloat(killed.Readings.Cores, 'g', -1, 64))
	f := testkit.Must(killed.Profile(holmes.KindHeap).Open())(t)
	heap := testkit.Must(profile.Parse(f))(t)
	require.NoError(t, f.Close())
	require.Contains(t, heap.String(), "childPod")
	require.NotEmpty(t, testkit.Must(filepath.Glob(filepath.Join(dir, killed.ID, ".to-*")))(t), "it waits for the collector")

	c = n.start(t, "serve")
	told := eventOn(t, dir, holmes.SignalProcess)
	requirePodLabels(t, told)
	require.Equal(t, holmes.CodeCrash, told.Trigger.Reason.Code)
	require.Contains(t, told.Sentence(), "a previous run ended without Stop")
	require.Contains(t, told.Sentence(), strings.SplitN(killed.Sentence(), ":", 2)[0])
	require.NoError(t, c.Stdin.Close())
	for c.Lines.Scan() {
	}
	require.NoError(t, c.Wait())
}

func requirePodLabels(t *testing.T, e *holmes.Event) {
	t.Helper()
	fields := podFields()
	for label, want := range map[string]string{
		"service": "shop", "version": "1.4.2", "deployment.environment.name": "production",
		"instance": fields["metadata.name"], "namespace": fields["metadata.namespace"], "node": fields["spec.nodeName"],
	} {
		require.Equal(t, want, e.Labels[label], label)
	}
}
