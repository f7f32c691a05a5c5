package capture

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/proftest"
	"github.com/go-holmes/holmes/internal/supervise"
	"github.com/go-holmes/holmes/internal/testkit"
)

// A goroutine that has not run yet has one frame. Such goroutines do not make those that
// have run look cheaper than they are, and alone they tell nothing.
func TestFramesAreLearnedOfGoroutinesThatHaveRun(t *testing.T) {
	m := proftest.Message{}.Column().Strings("goroutine", "count", "main.park", "/a.go").Function(1, 3, 4).Location(1, 1)
	for name, c := range map[string]struct {
		profile proftest.Message
		frames  float64
	}{
		"all have run":   {m.Sample(5000, 1, 1, 1, 1), 4},
		"most have not":  {m.Sample(9000, 1).Sample(1000, 1, 1, 1, 1), 4},
		"none has":       {m.Sample(10_000, 1), likelyFrames},
		"too few have":   {m.Sample(9001, 1).Sample(999, 1, 1, 1, 1), likelyFrames},
		"of two heights": {m.Sample(1000, 1, 1).Sample(1000, 1, 1, 1, 1), 3},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewProcess(supervise.SystemClock(), nil)
			p.Learn(event.KindGoroutine, testkit.Must(pprofread.Parse(c.profile))(t))
			require.InDelta(t, c.frames, p.costs.frames.or(likelyFrames, p.clock.Mono()), 0.01)
		})
	}
}
