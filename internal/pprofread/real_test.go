package pprofread_test

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"
)

// realProfiles takes a profile of each kind of this process, as runtime/pprof
// writes it.
func realProfiles(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{"cpu": cpuProfile(tb)}
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	contend()
	for _, kind := range []string{"heap", "goroutine", "threadcreate", "mutex", "block"} {
		var out bytes.Buffer
		require.NoError(tb, pprof.Lookup(kind).WriteTo(&out, 0))
		all[kind] = out.Bytes()
	}
	return all
}

// cpuProfile burns CPU for some twenty samples: with labels, in deep recursion,
// and with an inlined function at the leaf. On a machine that is too busy to
// burn it tries again.
func cpuProfile(tb testing.TB) []byte {
	tb.Helper()
	for {
		var out bytes.Buffer
		require.NoError(tb, pprof.StartCPUProfile(&out))
		pprof.Do(context.Background(), pprof.Labels("request", "7"), func(context.Context) {
			var sum uint64
			for begun := time.Now(); time.Since(begun) < 200*time.Millisecond; {
				sum += burn(40)
			}
			runtime.KeepAlive(sum)
		})
		pprof.StopCPUProfile()
		p, err := profile.ParseData(out.Bytes())
		require.NoError(tb, err)
		if len(p.Sample) > 0 {
			return out.Bytes()
		}
	}
}

func burn(depth int) (sum uint64) {
	if depth > 0 {
		return burn(depth-1) + 1
	}
	for i := range uint64(1000) {
		sum = mix(sum, i)
	}
	return sum
}

func mix(a, b uint64) uint64 { return (a ^ b) * 0x9e3779b97f4a7c15 >> 3 }

// contend makes goroutines wait for a lock and for a channel.
func contend() {
	var mu sync.Mutex
	var done sync.WaitGroup
	var waited int
	blocked := make(chan struct{})
	mu.Lock()
	for range 8 {
		done.Go(func() {
			<-blocked
			mu.Lock()
			defer mu.Unlock()
			waited++
		})
	}
	close(blocked)
	for begun := time.Now(); time.Since(begun) < 10*time.Millisecond; {
		runtime.Gosched() // the others get as far as the lock
	}
	mu.Unlock()
	done.Wait()
}
