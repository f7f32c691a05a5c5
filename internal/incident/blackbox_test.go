package incident

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/internal/blackbox"
	"github.com/go-holmes/holmes/internal/supervise"
)

// The second try to open the box finds no previous runs, because the first has taken them
// over. They are reported all the same.
func TestPreviousRunsOutliveASecondTry(t *testing.T) {
	var b BlackBox
	earlier, held := b.hold([]*blackbox.Orphan{{Name: "a"}}, 2)
	require.True(t, held)
	require.EqualValues(t, 2, earlier)
	earlier, held = b.hold(nil, 1)
	require.True(t, held)
	require.EqualValues(t, 3, earlier)
	orphans, earlier := b.takeOrphans()
	require.Len(t, orphans, 1)
	require.EqualValues(t, 3, earlier)

	require.NoError(t, b.Close(t.Context(), ""))
	_, held = b.hold(nil, 0)
	require.False(t, held)
}

// An end within a minute of an event is unusual. A capture by a call, as before a restart,
// one by timetable and the report about another run are no such events.
func TestBoxHasEventsOfReadings(t *testing.T) {
	for code, noted := range map[string]bool{
		detect.CodeAbs: true, detect.CodeForecast: true,
		detect.CodeManual: false, detect.CodeContinuous: false, detect.CodeCrash: false,
	} {
		box := &BlackBox{Clock: supervise.SystemClock()}
		b := &builder{in: &Incidents{Box: box}}
		b.Event = &event.Event{ID: "1", Trigger: event.Trigger{Reason: detect.Reason{Code: code}}}
		b.log()
		require.Equal(t, noted, len(box.early) == 1, code)
	}
}
