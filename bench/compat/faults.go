package main

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// block sends on a channel without a receiver.
func block(_ http.ResponseWriter, r *http.Request) {
	var blocked chan int
	select {
	case blocked <- 1:
	case <-r.Context().Done():
	}
}

// explode starts goroutines that wake up every now and then, and never end.
func explode(http.ResponseWriter, *http.Request) {
	for range 40 {
		go func() {
			words := map[int]int{}
			for i := range time.Tick(time.Millisecond) {
				words[i.Nanosecond()%4096]++
			}
		}()
	}
}

// bank takes two locks in two orders; all later requests wait for ever.
type bank struct {
	first, second sync.Mutex
	once          sync.Once
	arrived       sync.WaitGroup
	count         int // of requests that got both
}

// deadlock takes the locks in both orders. Each goroutine has its first lock before
// one of them asks for its second.
func (b *bank) deadlock(http.ResponseWriter, *http.Request) {
	b.once.Do(func() {
		b.arrived.Add(2)
		go b.transfer(&b.first, &b.second)
		go b.transfer(&b.second, &b.first)
		b.arrived.Wait()
	})
}

func (b *bank) transfer(from, to *sync.Mutex) {
	from.Lock()
	defer from.Unlock()
	b.arrived.Done()
	b.arrived.Wait()
	b.passed(to)
}

// passed takes a lock and counts that.
func (b *bank) passed(l *sync.Mutex) {
	l.Lock()
	defer l.Unlock()
	b.count++
}

func (b *bank) request(http.ResponseWriter, *http.Request) {
	b.passed(&b.first)
}

// loop loops until its client has gone.
func loop(_ http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil { // without a pause
	}
}

// cache keeps small objects in a map, so that the live heap grows.
type cache struct {
	mu    sync.Mutex
	words map[string]string
}

func (c *cache) grow(http.ResponseWriter, *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 20_000 {
		n := strconv.Itoa(len(c.words))
		c.words[n] = n + " in words"
	}
}

// leak keeps a large slice with every request.
type leak struct {
	mu   sync.Mutex
	kept [][]byte
}

func (l *leak) slice(http.ResponseWriter, *http.Request) {
	b := make([]byte, 8<<20)
	for i := 0; i < len(b); i += 4096 {
		b[i] = 1 // so that the memory is there
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, b)
}

// leakGoroutines leaves a goroutine behind with every request: its channel is never
// closed.
func leakGoroutines(http.ResponseWriter, *http.Request) {
	tasks := make(chan int)
	go func() {
		done := 0
		for n := range tasks {
			done += n
		}
	}()
	go func() {
		for i := range 10 {
			tasks <- i
		}
	}()
}

// keepThreads keeps threads of the operating system.
func keepThreads(http.ResponseWriter, *http.Request) {
	never := make(chan struct{})
	for range 200 {
		go func() {
			runtime.LockOSThread()
			<-never
		}()
	}
}
