package fleet_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/capture"
	"github.com/go-holmes/holmes/watch/internal/deliver"
	"github.com/go-holmes/holmes/watch/internal/fleet"
	"github.com/go-holmes/holmes/watch/internal/targets/targetstest"
)

// targetsCommand is the argument with which this program serves metrics of many targets.
const targetsCommand = "__targets"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == targetsCommand {
		n, _ := strconv.Atoi(os.Args[2])
		serveTargets(n)
		return
	}
	goleak.VerifyTestMain(m)
}

// serveTargets serves the metrics of n targets on addresses that it prints, until its
// input ends.
func serveTargets(n int) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, _ := registry.Gather()
	var page bytes.Buffer
	for _, f := range families {
		_, _ = expfmt.MetricFamilyToText(&page, f)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page.Bytes()) })
	out := bufio.NewWriter(os.Stdout)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		server := http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(l) }() // it ends with the process
		fmt.Fprintln(out, l.Addr())
	}
	_ = out.Flush()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// A usage is what this process has used.
type usage struct {
	cpu                         time.Duration
	resident, goroutines, files int
}

func used(t *testing.T) (u usage) {
	t.Helper()
	var r syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &r))
	u.cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	raw, err := os.ReadFile("/proc/self/statm")
	require.NoError(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	require.NoError(t, err)
	u.resident, u.goroutines = pages*os.Getpagesize(), runtime.NumGoroutine()
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	u.files = len(open)
	return u
}

// Two thousand targets are read every 5 s with a quarter of a core and 300 MB, and nothing
// grows. HOLMES_WATCH_SCALE is for how long, such as 10m; it needs a quiet machine.
func TestTwoThousandTargets(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("HOLMES_WATCH_SCALE"))
	if err != nil {
		t.Skip("HOLMES_WATCH_SCALE=10m runs it")
	}
	const n = 2000
	cmd := exec.CommandContext(t.Context(), os.Args[0], targetsCommand, strconv.Itoa(n))
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() { _ = in.Close(); _ = cmd.Wait() }()
	var addresses []string
	for lines := bufio.NewScanner(out); len(addresses) < n && lines.Scan(); {
		addresses = append(addresses, lines.Text())
	}
	require.Len(t, addresses, n)

	c := targetstest.Config(t, "scrape_configs:\n- job_name: shop\n  static_configs: [{targets: ["+strings.Join(addresses, ",")+"]}]\n")
	found := targetstest.Find(t, c, n)
	store := deliver.New(t.TempDir(), nil, zap.NewNop())
	store.Start()
	captures := capture.New(c.Capture, capture.NewLimits(c.Limits, time.Now), store, zap.NewNop())
	f, err := fleet.New(c, captures, zap.NewNop())
	require.NoError(t, err)
	defer func() {
		f.Stop()
		captures.Stop()
		f.Close()
		require.NoError(t, store.Stop(t.Context()))
	}()
	f.Update(found)
	scrapes := &f.Stats().Scrapes
	await := func(many uint64) {
		for scrapes.Load() < many {
			<-time.After(100 * time.Millisecond)
		}
	}
	await(4 * n) // four rounds, so that all connections are there
	before, began, done := used(t), time.Now(), scrapes.Load()
	await(done + uint64(n*int(length/(5*time.Second))))
	after, took := used(t), time.Since(began)
	count := scrapes.Load() - done
	cpu := float64(after.cpu-before.cpu) / float64(took)
	t.Logf("%d readings in %v: CPU %.3f cores, resident %d MiB, goroutines %d to %d, descriptors %d to %d, failed %d, late %d, mean lag %v, mean time %v",
		count, took.Round(time.Second), cpu, after.resident>>20, before.goroutines, after.goroutines, before.files, after.files,
		f.Stats().Failed.Load(), f.Stats().Late.Load(),
		time.Duration(f.Stats().Lag.Load()/int64(scrapes.Load())), time.Duration(f.Stats().Nanos.Load()/int64(scrapes.Load())))
	require.LessOrEqual(t, cpu, 0.25)
	require.LessOrEqual(t, after.resident, 300<<20)
	require.LessOrEqual(t, after.goroutines, before.goroutines+100)
	require.LessOrEqual(t, after.files, before.files+50)
	require.Zero(t, f.Stats().Failed.Load())
}
