package reportertest

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"
)

// A stock is how many goroutines and open files the process has.
type stock struct {
	goroutines  int
	descriptors int // 0 where they cannot be seen
}

// takeStock counts what there is before a test.
func takeStock(t testing.TB) stock {
	t.Helper()
	// The first use of the network opens what stays open.
	l := listen(t)
	if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String()); err == nil {
		_ = conn.Close()
	}
	_ = l.Close()
	return count()
}

func count() stock {
	entries, _ := os.ReadDir("/proc/self/fd")
	return stock{runtime.NumGoroutine(), len(entries)}
}

// check waits until there is no more than before. What a Report has ended may
// take a moment to be gone.
func (s stock) check(t testing.TB, grace time.Duration) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	end := time.After(grace)
	for {
		now := count()
		if now.goroutines <= s.goroutines && now.descriptors <= s.descriptors {
			return
		}
		select {
		case <-ticker.C:
		case <-end:
			var stacks bytes.Buffer
			_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1)
			t.Errorf("Report left something behind: %d goroutines and %d descriptors, before it %d and %d\n%s",
				now.goroutines, now.descriptors, s.goroutines, s.descriptors, &stacks)
			return
		}
	}
}
