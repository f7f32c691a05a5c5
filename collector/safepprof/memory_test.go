package safepprof_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// childOf names the directory of bodies in the environment of a child process.
const childOf = "HOLMES_TEST_BODIES"

// childMain is a process of its own, so that what it takes can be measured: it
// checks each file of a directory as the collector does, 32 times at once, and
// prints how many were refused for a reason.
func childMain() {
	dir := os.Getenv(childOf)
	if dir == "" {
		return
	}
	c, err := safepprof.New(safepprof.Limits{})
	entries, dirErr := os.ReadDir(dir)
	if err != nil || dirErr != nil {
		fmt.Println(err, dirErr)
		os.Exit(1)
	}
	refused, slowest := 0, time.Duration(0)
	for _, e := range entries {
		var wg sync.WaitGroup
		begun := time.Now()
		codes := make([]collector.Code, 32)
		for i := range codes {
			wg.Go(func() {
				body, err := os.Open(filepath.Join(dir, e.Name()))
				if err == nil {
					_, err = c.ShallowCheck(body)
					body.Close()
				}
				codes[i] = collector.CodeOf(err)
			})
		}
		wg.Wait()
		slowest = max(slowest, time.Since(begun))
		for _, code := range codes {
			if code == collector.Invalid || code == collector.TooLarge {
				refused++
			}
		}
	}
	status, _ := os.ReadFile("/proc/self/status")
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	peak, _, _ = strings.Cut(peak, "kB")
	fmt.Println(refused, strings.TrimSpace(peak), slowest)
	os.Exit(0)
}

// 32 at once, in every shape there is: all refused, in a process that stays
// small.
func TestHostileProfilesStayWithinMemory(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("needs /proc: ", err)
	}
	dir := t.TempDir()
	n, seen := 0, 0
	for _, body := range proftest.Hostile(t) {
		if seen++; seen%(4*raceFactor-3) != 0 { // under the race detector a few
			continue
		}
		n++
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(n)), body, 0o600))
	}
	for _, s := range proftest.Shapes()[:3/raceFactor] { // sent as they are
		n++
		require.NoError(t, os.WriteFile(filepath.Join(dir, strconv.Itoa(n)), s.Of(16<<20), 0o600))
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childOf+"="+dir)
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	var refused, peak int
	var slowest string
	_, err = fmt.Sscan(string(out), &refused, &peak, &slowest)
	require.NoError(t, err, string(out))
	require.Equal(t, 32*n, refused)
	t.Logf("%d bodies, 32 at once each: %d MiB at the peak, the slowest 32 took %s", n, peak>>10, slowest)
	require.Less(t, peak, 512<<10)
}
