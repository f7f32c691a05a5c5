package reporters_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// daemon starts a program from a Debian package on a free port of this machine,
// and returns its URL when it listens. It ends with the test.
func daemon(t *testing.T, debian, program string, args ...string) (url string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not here: apt-get install %s", program, debian)
	}
	cmd := exec.CommandContext(context.Background(), path, args...) // it outlives the context of t, to be ended in order
	log, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	require.NoError(t, cmd.Start())
	listens, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- follow(log, listens) }()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_ = cmd.Wait() // how it ended is not what is tested
		w.Close()
	}()
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(os.Interrupt))
		select {
		case <-gone:
		case <-time.After(30 * time.Second):
			require.NoError(t, cmd.Process.Kill())
			t.Errorf("%s went on after an interrupt", program)
			<-gone
		}
		require.NoError(t, <-ended)
	})
	select {
	case address := <-listens:
		return "http://" + address
	case <-time.After(time.Minute):
		t.Fatalf("%s does not listen", program)
		return ""
	}
}

// follow reads a daemon's log to its end, and sends the address at which it
// listens.
func follow(log io.Reader, listens chan<- string) error {
	said := regexp.MustCompile(`msg="Listening on" address=(\S+)`)
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		if m := said.FindStringSubmatch(lines.Text()); m != nil {
			listens <- m[1]
		}
	}
	return lines.Err()
}

// file writes a configuration to a directory of the test's.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}
