package flight_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/go-holmes/holmes/internal/flight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is a recorder whose trace grows with time. A part ends with each read.
type fake struct {
	mu      sync.Mutex
	on      bool
	refuse  bool
	killed  bool
	rate    float64 // bytes per second
	predict float64
	extra   uint64 // that the process has allocated besides
	starts  int
	stops   int
	passes  int
	part    uint64
	from    time.Time
	ring    [][]byte // the parts
	grown   uint64
	minAge  time.Duration
	most    uint64

	header  string
	between func()        // called as a pass begins
	stuck   chan struct{} // the runtime answers once it is closed
}

var errInUse = errors.New("flight recorder already enabled")

func (f *fake) wait() {
	f.mu.Lock()
	stuck := f.stuck
	f.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
}

func (f *fake) Start(minAge time.Duration, maxBytes uint64) error {
	f.wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse || f.on {
		return errInUse
	}
	f.on, f.killed, f.from, f.ring = true, false, time.Now(), nil
	f.minAge, f.most = minAge, maxBytes
	f.starts++
	return nil
}

func (f *fake) Stop() {
	f.wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.on = false
	f.stops++
}

func (f *fake) Alive() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.on && !f.killed
}

func (f *fake) Predict() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.predict
}

func (f *fake) Bound() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.grown + f.extra + uint64(f.rate*time.Since(f.from).Seconds())
}

// batch encodes a piece of a part as the runtime does.
func batch(part uint64, payload []byte) []byte {
	b := []byte{1}
	for _, v := range []uint64{part, 7, 123456789, uint64(len(payload))} {
		b = binary.AppendUvarint(b, v)
	}
	return append(b, payload...)
}

// endPart ends the part under way. It is filled with its number.
func (f *fake) endPart() {
	f.part++
	n := int(f.rate * time.Since(f.from).Seconds())
	f.from = time.Now()
	f.grown += uint64(n)
	payload := make([]byte, n)
	for i := range payload {
		payload[i] = byte(f.part)
	}
	f.ring = append(f.ring, append(batch(f.part, payload), 0))
	size := uint64(0)
	for i, part := range slices.Backward(f.ring) {
		if size > f.most {
			f.ring = f.ring[i+1:]
			break
		}
		size += uint64(len(part))
	}
}

func (f *fake) WriteTo(w io.Writer) (n int64, err error) {
	f.wait()
	f.mu.Lock()
	if f.between != nil {
		f.between()
	}
	f.passes++
	f.endPart()
	ring := append([][]byte(nil), f.ring...)
	header := f.header
	f.mu.Unlock()
	if header == "" {
		header = "go 1.26 trace\x00\x00\x00"
	}
	write := func(p []byte) {
		if err == nil {
			var m int
			m, err = w.Write(p)
			n += int64(m)
		}
	}
	write([]byte(header))
	for _, part := range ring {
		write(part[:len(part)-1])
		write(part[len(part)-1:])
	}
	return n, err
}

// set changes the fake while it runs.
func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) counts() (starts, stops, passes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.starts, f.stops, f.passes
}

func pass(d time.Duration) { <-time.After(d) }

func arm(t *testing.T, b *flight.Broker, s flight.Settings) *flight.Session {
	t.Helper()
	got, err := b.Arm(t.Context(), s)
	require.NoError(t, err)
	t.Cleanup(func() { _ = got.Disarm(context.Background()) })
	return got
}

func disarm(t *testing.T, s *flight.Session) {
	t.Helper()
	require.NoError(t, s.Disarm(t.Context()))
}
