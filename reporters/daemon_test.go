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

// needPrograms skips the test unless all of the programs are installed. It comes
// before anything is started, because a skipped test does not stop a server. The
// Debian packages have the programs' names.
func needPrograms(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed: apt-get install %s", program, program)
		}
	}
}

// daemon starts a program on a free port of this machine, and returns its URL
// when it listens. It ends with the test.
func daemon(t *testing.T, program string, args ...string) (url string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), program, args...) // it outlives the context of t, to be ended in order
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
		_ = cmd.Process.Signal(os.Interrupt) // fails if it has ended
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
	case <-gone:
		t.Fatalf("%s ended", program)
		return ""
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
