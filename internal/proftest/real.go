package proftest

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"io"
	"path"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

//go:embed testdata
var files embed.FS

// Real returns profiles of programs, gzipped as they wrote them, by names such as
// "link-cpu".
func Real(tb testing.TB) map[string][]byte {
	tb.Helper()
	entries, err := files.ReadDir("testdata/real")
	require.NoError(tb, err)
	all := map[string][]byte{}
	for _, e := range entries {
		raw, err := files.ReadFile(path.Join("testdata/real", e.Name()))
		require.NoError(tb, err)
		all[strings.TrimSuffix(e.Name(), ".pb.gz")] = raw
	}
	return all
}

// All returns the profiles of [Real], and those of [Own] by names such as "own-cpu".
func All(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := Real(tb)
	for kind, raw := range Own(tb) {
		all["own-"+kind] = raw
	}
	return all
}

// Kind is what the name of a profile of [All] says about its kind.
func Kind(name string) string {
	for _, kind := range []string{"cpu", "goroutine", "threadcreate", "mutex", "block"} {
		if strings.HasSuffix(name, kind) {
			return kind
		}
	}
	return "heap"
}

// Trace returns an execution trace, as runtime/trace writes it.
func Trace(tb testing.TB) []byte {
	tb.Helper()
	raw, err := files.ReadFile("testdata/trace.out")
	require.NoError(tb, err)
	return raw
}

// Own takes a profile of each kind of this process, as runtime/pprof writes it.
func Own(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{"cpu": OwnCPU(tb)}
	defer runtime.SetMutexProfileFraction(runtime.SetMutexProfileFraction(1))
	runtime.SetBlockProfileRate(1)
	defer runtime.SetBlockProfileRate(0)
	Contend()
	for _, kind := range []string{"heap", "allocs", "goroutine", "threadcreate", "mutex", "block"} {
		var out bytes.Buffer
		require.NoError(tb, pprof.Lookup(kind).WriteTo(&out, 0))
		all[kind] = out.Bytes()
	}
	return all
}

// Texts returns what this process says of itself in the text forms.
func Texts(tb testing.TB) map[string][]byte {
	tb.Helper()
	all := map[string][]byte{}
	for _, kind := range []string{"heap", "goroutine", "threadcreate", "mutex", "block"} {
		var out bytes.Buffer
		require.NoError(tb, pprof.Lookup(kind).WriteTo(&out, 1))
		all[kind] = out.Bytes()
	}
	var out bytes.Buffer
	require.NoError(tb, pprof.Lookup("goroutine").WriteTo(&out, 2))
	all["stacks"] = out.Bytes()
	return all
}

// OwnCPU takes a CPU profile of this process, which burns CPU for some twenty samples: with labels, in deep recursion, and
// with an inlined function at the leaf. On a machine that is too busy to burn, where
// the samples are of the runtime alone, it tries again.
func OwnCPU(tb testing.TB) []byte {
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
		in, err := gzip.NewReader(bytes.NewReader(out.Bytes()))
		require.NoError(tb, err)
		plain, err := io.ReadAll(in)
		require.NoError(tb, err)
		if bytes.Contains(plain, Message{}.Bytes(6, []byte("request"))) { // a string that only a label has
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

// Contend makes goroutines wait for a lock and for a channel.
func Contend() {
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
