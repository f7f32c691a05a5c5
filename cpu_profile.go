package holmes

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/go-holmes/holmes/internal/capture"
)

// CPUProfile writes a CPU profile of the duration d to w, or of the time until ctx is
// done, gzipped as runtime/pprof writes it. Use it in place of pprof.StartCPUProfile and
// pprof.StopCPUProfile: the runtime takes one CPU profile at a time, so StartCPUProfile
// fails while holmes takes one. CPUProfile shares that, and neither loses any of its time
// but some ten milliseconds. Package handler has it as an http.HandlerFunc.
//
// It panics if ctx or w is nil. It needs no [Holmes], blocks until the profile is written, and may be called by several
// goroutines at once. It returns an error that wraps [ErrProfilerInUse] if code other than
// holmes and CPUProfile is taking a CPU profile, and the errors of w.
func CPUProfile(ctx context.Context, w io.Writer, d time.Duration) error {
	if err := capture.WriteCPUProfile(ctx, w, d); err != nil {
		return fmt.Errorf("holmes: CPU profile: %w", err)
	}
	return nil
}
