package shop

import "sync"

// pages counts the goroutines that render, so that those without a reader can be
// ended. A real service with this leak has no such account.
type pages struct {
	mu       sync.Mutex
	running  *sync.WaitGroup
	released chan struct{} // closed by release
}

func newPages() *pages { return &pages{running: new(sync.WaitGroup), released: make(chan struct{})} }

// start renders n pages, each in a goroutine. The channel is closed by release.
func (p *pages) start(n int, render func(n int, released <-chan struct{})) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	released := p.released
	for i := range n {
		p.running.Go(func() { render(i, released) })
	}
	return released
}

// release ends all pages that were started, and returns when they have ended.
func (p *pages) release() {
	p.mu.Lock()
	old, released := p.running, p.released
	p.running, p.released = new(sync.WaitGroup), make(chan struct{})
	p.mu.Unlock()
	close(released)
	old.Wait()
}
