package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/go-holmes/holmes/internal/program"
)

// traffic is the load of the service: a Poisson process of requests whose rate
// drifts, and is a multiple in bursts. The seed determines all rates and every
// request.
type traffic struct {
	r *rand.Rand

	rate   float64       // requests a second
	drift  float64       // share of the rate
	wave   time.Duration // of the drift
	gap    time.Duration // mean time between two bursts
	length time.Duration // mean length of a burst
	factor float64       // largest factor of a burst
	heavy  float64       // exponent of the requests' sizes; the less, the heavier the tail

	burst float64 // the present factor
	until time.Duration
	next  time.Duration
}

func newTraffic(seed uint64) *traffic {
	r := rand.New(rand.NewPCG(seed, 2))
	between := func(low, high float64) float64 { return low + r.Float64()*(high-low) }
	seconds := func(low, high float64) time.Duration { return time.Duration(between(low, high) * float64(time.Second)) }
	return &traffic{
		r: r, rate: between(10, 25), drift: between(0.1, 0.4), wave: seconds(400, 1200),
		gap: seconds(20, 120), length: seconds(2, 6), factor: between(2, 5), heavy: between(1.3, 2.5),
		burst: 1,
	}
}

// slice is the time between two batches of requests.
const slice = 50 * time.Millisecond

// send sends requests until ctx is done.
func (t *traffic) send(ctx context.Context, address string) {
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	var under sync.WaitGroup
	defer under.Wait()
	begin := time.Now()
	tick := time.NewTicker(slice)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		rate := t.rateAt(time.Since(begin))
		for range t.poisson(rate * slice.Seconds()) {
			url := address + t.request()
			under.Go(func() { _ = program.Get(ctx, client, url) }) // the service has done the work
		}
	}
}

func (t *traffic) rateAt(now time.Duration) float64 {
	switch {
	case t.next == 0: // the first burst
		t.next = now + t.exponential(t.gap)
	case t.burst == 1 && now >= t.next:
		t.burst = 1 + t.r.Float64()*(t.factor-1)
		t.until = now + t.exponential(t.length)
	case t.burst > 1 && now >= t.until:
		t.burst = 1
		t.next = now + t.exponential(t.gap)
	}
	phase := 2 * math.Pi * now.Seconds() / t.wave.Seconds()
	return t.rate * (1 + t.drift*math.Sin(phase)) * t.burst
}

func (t *traffic) exponential(mean time.Duration) time.Duration {
	return time.Duration(t.r.ExpFloat64() * float64(mean))
}

func (t *traffic) poisson(mean float64) (n int) {
	for p := t.r.Float64(); p > math.Exp(-mean); n++ {
		p *= t.r.Float64()
	}
	return n
}

// request is a path with a size whose distribution has a heavy tail.
func (t *traffic) request() string {
	n := int(700 * math.Pow(1-t.r.Float64(), -1/t.heavy))
	path := [...]string{"/list", "/search", "/order"}[t.r.IntN(3)]
	return fmt.Sprintf("%s?n=%d", path, min(n, 40_000))
}
