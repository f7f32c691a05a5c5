package media

import (
	"context"
	"runtime"
)

// A Renderer draws with a library that wants a thread for each window.
type Renderer struct {
	frames chan int
}

// NewRenderer returns a renderer.
func NewRenderer() *Renderer { return &Renderer{frames: make(chan int)} }

// Window opens a window, and draws in it what comes until ctx ends.
func (r *Renderer) Window(ctx context.Context) {
	go r.draw(ctx)
}

func (r *Renderer) draw(ctx context.Context) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	drawn := 0
	for {
		select {
		case n := <-r.frames:
			drawn += n
		case <-ctx.Done():
			return
		}
	}
}
