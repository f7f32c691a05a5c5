package measure

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// A meter that begins during the first collection of the process knows the live heap
// when that has ended, which its watch does not notice.
func TestHeapOfTheFirstCollection(t *testing.T) {
	h := newHeap()
	h.close() // the watch notices nothing
	h.watch.finished()
	h.live = 0
	runtime.GC()
	h.refresh()
	require.Positive(t, h.live)
}
