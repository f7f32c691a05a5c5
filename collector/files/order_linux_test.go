package files_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector/files"
)

const (
	orderEnv     = "HOLMES_FILES_TEST_ORDER"      // where to
	orderSizeEnv = "HOLMES_FILES_TEST_ORDER_SIZE" // how many bytes
)

// A kill does not lose data that the kernel has not written yet. So the test checks
// the order of system calls: the content is synced before it gets its name, the
// name before the upload is acknowledged.
func TestAcknowledgedAfterSync(t *testing.T) {
	if dir := os.Getenv(orderEnv); dir != "" {
		s, err := files.Open(t.Context(), dir, files.Options{})
		require.NoError(t, err)
		size, err := strconv.Atoi(os.Getenv(orderSizeEnv))
		require.NoError(t, err)
		m, err := tryPut(t.Context(), s, 1, strings.Repeat("x", size))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "acknowledged-"+m.ID), nil, 0o600))
		return
	}
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	for _, tt := range []struct {
		name   string
		size   int
		before []string // what happens while the upload comes in
		rest   string   // how what is written in the end begins
	}{
		{"in memory", 7, nil, `xxxxxxx\{`},
		{"too large for that", files.BufferSize + 1, []string{`write\(\d+<.*/store/incoming/upload-\d+>, "x`}, `x\{`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := traceUpload(t, strace, tt.size)
			requireOrder(t, calls, slices.Concat(tt.before, []string{
				`mkdirat\(.*/store/blobs/0000000"`,
				`fsync\(\d+<.*/store/blobs>`,
				`write\(\d+<.*/store/incoming/upload-\d+>, "` + tt.rest,
				`fsync\(\d+<.*/store/incoming/upload-\d+>`,
				`renameat\(.*/store/incoming/upload-\d+".*/store/blobs/0000000/`,
				`fsync\(\d+<.*/store/blobs/0000000>`,
				`openat\(.*/store/acknowledged-`,
			}))
		})
	}
}

// traceUpload returns the system calls of a process that stores that many bytes.
func traceUpload(t *testing.T, strace string, size int) []string {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	out := filepath.Join(dir, "strace")
	cmd := exec.CommandContext(t.Context(), strace, "-f", "-y", "-o", out, "-e", "trace=openat,write,fsync,renameat,rename,mkdirat",
		exe, "-test.run=^TestAcknowledgedAfterSync$")
	cmd.Env = append(os.Environ(), orderEnv+"="+filepath.Join(dir, "store"), orderSizeEnv+"="+strconv.Itoa(size))
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("strace may not trace here: %v\n%s", err, text)
	}
	raw, err := os.ReadFile(out)
	require.NoError(t, err)
	return strings.Split(string(raw), "\n")
}

// requireOrder checks that the calls occur in this order, among others.
func requireOrder(t *testing.T, calls, order []string) {
	t.Helper()
	at := 0
	for _, step := range order {
		pattern := regexp.MustCompile(step)
		found := -1
		for i := at; i < len(calls) && found < 0; i++ {
			if pattern.MatchString(calls[i]) && !strings.Contains(calls[i], "= -1") {
				found = i
			}
		}
		require.GreaterOrEqual(t, found, 0, "%s is missing after\n%s", step, calls[at])
		at = found + 1
	}
}
