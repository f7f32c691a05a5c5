package merge_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/testkit"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// fleetRate is how many profiles a second come from 5000 processes with 3 kinds a
// minute.
const fleetRate = 5000 * 3 / 60.0

// A fleet is services of some instances each, which send three kinds a minute. Their
// profiles are those of real programs, and differ from minute to minute.
type fleet struct {
	services, instances int
	programs            [][3][][]byte // of each service: variants of each kind
	checker             *safepprof.Checker
}

func fleetKinds() [3]collector.Kind {
	return [3]collector.Kind{collector.KindCPU, collector.KindHeap, collector.KindGoroutine}
}

func newFleet(tb testing.TB, services, instances int) *fleet {
	tb.Helper()
	all := proftest.Real(tb)
	of := [3][]string{
		{"prometheus-cpu", "node-exporter-cpu", "etcd-cpu", "influxd-cpu", "caddy-cpu", "syncthing-cpu", "shop-cpu", "rclone-cpu"},
		{"prometheus-heap", "etcd-heap", "shop-heap", "caddy-heap"},
		{"shop-goroutine", "syncthing-goroutine", "rclone-goroutine"},
	}
	f := &fleet{services: services, instances: instances, programs: make([][3][][]byte, services)}
	known := map[string][][]byte{}
	for s := range f.programs {
		for k, names := range of {
			name := names[s%len(names)]
			if known[name] == nil {
				known[name] = variants(tb, all[name], 5)
			}
			f.programs[s][k] = known[name]
		}
	}
	var err error
	f.checker, err = safepprof.New(safepprof.Limits{})
	require.NoError(tb, err)
	return f
}

// send stores what the fleet sends in a minute, as the intake does, and returns how
// many profiles and bytes that were.
func (f *fleet) send(tb testing.TB, store collector.Store, minute int) (n int, size int64) {
	tb.Helper()
	for s := range f.services {
		for i := range f.instances {
			labels, err := collector.ParseLabels(fmt.Sprintf("version=1.%d,instance=service-%d-7d9f8c6b5-%05d", i%2, s, i))
			require.NoError(tb, err)
			for k, kind := range fleetKinds() {
				raw := f.programs[s][k][(minute+i)%len(f.programs[s][k])]
				m := collector.Meta{
					Service: fmt.Sprintf("service-%d", s), Kind: kind, Labels: labels, File: kind.File(),
					CreatedAt: start().Add(time.Duration(minute)*time.Minute + time.Duration(i)*time.Millisecond),
				}
				if kind == collector.KindCPU {
					m.Duration = 10 * time.Second
				}
				f.put(tb, store, &m, raw)
				n, size = n+1, size+int64(len(raw))
			}
		}
	}
	return n, size
}

func (f *fleet) put(tb testing.TB, store collector.Store, m *collector.Meta, raw []byte) {
	tb.Helper()
	d, err := store.Draft(tb.Context())
	require.NoError(tb, err)
	defer d.Discard()
	w, err := d.Add(m.File)
	require.NoError(tb, err)
	_, err = w.Write(raw)
	require.NoError(tb, err)
	info, err := f.checker.ShallowCheck(bytes.NewReader(raw))
	require.NoError(tb, err)
	m.Totals = info.Sums()
	_, err = d.Commit(tb.Context(), collector.Record{Profile: m})
	require.NoError(tb, err)
}

// BenchmarkFleet shows what the profiles of a fleet cost, each: to be taken in, and to
// be rolled up, by the hour and by the day. From the processor's time of both follows how
// many processors keep up with 900 000 profiles an hour. An operation is an hour of
// HOLMES_BENCH_PROCESSES, 50 by default.
func BenchmarkFleet(b *testing.B) {
	processes, err := strconv.Atoi(cmp.Or(os.Getenv("HOLMES_BENCH_PROCESSES"), "50"))
	require.NoError(b, err)
	f := newFleet(b, max(1, processes/25), 25)
	var intake, rolled float64
	profiles, size := 0, int64(0)
	var done merge.Round
	for b.Loop() {
		store, err := files.Open(b.Context(), testkit.FastDir(b), files.Options{})
		require.NoError(b, err)
		m, err := merge.New(merge.Config{Store: store, Dir: testkit.FastDir(b), RollupBytes: 1 << 40, Now: func() time.Time { return start().Add(25 * time.Hour) }})
		require.NoError(b, err)
		began := cpuTime(b)
		for minute := range 60 {
			n, sent := f.send(b, store, minute)
			profiles, size = profiles+n, size+sent
		}
		stored := cpuTime(b)
		done, err = m.Roller().Round(b.Context())
		require.NoError(b, err)
		intake, rolled = intake+stored-began, rolled+cpuTime(b)-stored
		require.NoError(b, store.Close())
	}
	n := float64(profiles)
	b.ReportMetric(n/float64(b.N), "profiles/op")
	b.ReportMetric(float64(size)/n/1000, "kB/profile")
	b.ReportMetric(intake/n*1000, "cpu-ms/intake")
	b.ReportMetric(rolled/n*1000, "cpu-ms/roll-up")
	b.ReportMetric((intake+rolled)/n*fleetRate, "processors")
	b.ReportMetric(float64(done.Bytes)/float64(size)*float64(b.N), "rolled-bytes/byte")
}
