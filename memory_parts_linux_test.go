package holmes_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/realgroup"
	"github.com/go-holmes/holmes/internal/testkit"
)

const (
	partsEnv   = "HOLMES_TEST_PARTS"
	partsGroup = "HOLMES_TEST_PARTS_GROUP"
	partsBytes = 96 << 20
)

// The sentence of a memory event begins with where the memory is, if that is not Go's
// heap: in a real control group, 96 MiB of each kind.
func TestMemoryOutsideTheHeapIsTold(t *testing.T) {
	testkit.Parallel(t)
	hierarchy, err := realgroup.Find("memory")
	if err != nil {
		t.Skip(err)
	}
	const tail = ` \d+ MiB(, [A-Za-z ]+ \d+ MiB)*(;.*)?$`
	for mode, want := range map[string]string{
		"mapping": `of 1?\d\d MiB in use Go's heap has \d+ MiB, memory of C or mappings` + tail,
		"child":   `of 1?\d\d MiB in use Go's heap has \d+ MiB, other processes of the group` + tail,
		"tmpfs":   `of 1?\d\d MiB in use Go's heap has \d+ MiB, tmpfs files and shared memory` + tail,
		"stacks":  `of 1?\d\d MiB in use Go's heap has \d+ MiB, goroutine stacks` + tail,
		"heap":    `no clear culprit, nothing to compare with: largest (is|are) allocated by holmes_test.`,
	} {
		t.Run(mode, func(t *testing.T) {
			if raceDetector() && (mode == "heap" || mode == "stacks") {
				t.Skip("the memory of the race detector is outside Go, and more than Go's")
			}
			group := testkit.Must(hierarchy.Make())(t)
			t.Cleanup(func() { require.NoError(t, realgroup.Remove(group)) })
			require.NoError(t, hierarchy.LimitMemory(group, 256<<20))
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryPartsChild$")
			cmd.Env = append(os.Environ(), partsEnv+"="+mode, partsGroup+"="+group)
			cmd.Stderr = os.Stderr
			out := testkit.Must(cmd.Output())(t)
			require.Contains(t, string(out), "event: ")
			var e holmes.Event
			require.NoError(t, json.NewDecoder(bytes.NewReader(out[bytes.Index(out, []byte("event: "))+len("event: "):])).Decode(&e), "%s", out)
			require.Regexp(t, "^"+want, e.Diagnosis.Sentence)
			require.False(t, e.Diagnosis.Confident)
			p := e.Readings.MemoryParts
			most := map[string]uint64{"mapping": p.NotGo, "child": p.Others, "tmpfs": p.Shared, "stacks": p.GoStacks, "heap": p.GoHeap}[mode]
			require.Greater(t, most, p.Used/2, "%+v", p)
		})
	}
}

func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestMemoryPartsChild is the process that has the memory.
func TestMemoryPartsChild(t *testing.T) {
	mode := os.Getenv(partsEnv)
	if mode == "" {
		return // it is nothing of its own
	}
	require.NoError(t, realgroup.Join(os.Getenv(partsGroup)))
	defer runtime.KeepAlive(take(t, mode))
	if mode == "held" { // the other process of the group
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	got := &collector{}
	h := testkit.Must(holmes.New(holmes.WithDumpPath(t.TempDir()), holmes.WithLogger(nil), holmes.WithBaseline(0),
		holmes.WithMemoryWatch(false), holmes.WithCollectInterval("10ms"), holmes.WithReporter(got),
		holmes.WithRule(holmes.SignalMem, holmes.Threshold{Abs: 30})))(t)
	h.Disable(holmes.SignalCPU, holmes.SignalGCHeap, holmes.SignalGoroutine, holmes.SignalThread)
	require.NoError(t, h.Start())
	require.Eventually(t, func() bool { return len(got.all()) > 0 }, time.Minute, 10*time.Millisecond)
	h.Stop()
	fmt.Printf("event: %s\n", testkit.Must(json.Marshal(got.all()[0]))(t))
}

// take takes memory in a way, and returns what keeps it.
func take(t *testing.T, mode string) any {
	t.Helper()
	private := syscall.MAP_ANON | syscall.MAP_PRIVATE
	switch mode {
	case "mapping", "held":
		return touched(testkit.Must(syscall.Mmap(-1, 0, partsBytes, syscall.PROT_READ|syscall.PROT_WRITE, private))(t))
	case "tmpfs":
		return touched(testkit.Must(syscall.Mmap(-1, 0, partsBytes, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_SHARED))(t))
	case "heap":
		return touched(make([]byte, partsBytes))
	case "stacks":
		end := make(chan struct{})
		t.Cleanup(func() { close(end) })
		for range partsBytes >> 13 {
			go onAStack(end, 100)
		}
		return nil
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMemoryPartsChild$")
	cmd.Env = append(os.Environ(), partsEnv+"=held")
	in, out := testkit.Must(cmd.StdinPipe())(t), testkit.Must(cmd.StdoutPipe())(t)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	_, err := out.Read(make([]byte, 1))
	require.NoError(t, err)
	return nil
}

// onAStack waits on a stack of 8 KiB.
//
//go:noinline
func onAStack(end chan struct{}, calls int) int {
	if calls == 0 {
		<-end
		return 0
	}
	return 1 + onAStack(end, calls-1)
}

func touched(memory []byte) []byte {
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	return memory
}
