package holmes

import "github.com/go-holmes/holmes/internal/supervise"

// ErrHeld is returned by Shutdown when its context ended before every
// goroutine did; it names what is held.
var ErrHeld = supervise.ErrHeld
