package main

import "sync"

// pages keeps account of the goroutines that render, so that those who wait
// for nobody can be ended. A real service that leaks has nothing of the kind.
type pages struct {
	mu  sync.Mutex
	now *batch
}

// A batch is what was started between two releases.
type batch struct {
	mu       sync.Mutex
	over     bool
	running  sync.WaitGroup
	released chan struct{}
}

func newPages() *pages { return &pages{now: newBatch()} }
func newBatch() *batch { return &batch{released: make(chan struct{})} }

func (p *pages) batch() *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// release ends all that was started, and returns when it has ended.
func (p *pages) release() {
	p.mu.Lock()
	old := p.now
	p.now = newBatch()
	p.mu.Unlock()

	old.mu.Lock()
	old.over = true
	close(old.released)
	old.mu.Unlock()
	old.running.Wait()
}

// start runs f, unless the batch has been released.
func (b *batch) start(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.over {
		b.running.Go(f)
	}
}
