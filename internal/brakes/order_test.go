package brakes_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/detect"
	"github.com/go-holmes/holmes/internal/testkit"
)

// The budget is free again when the oldest event of the day that counts is a day old,
// whatever its reason was.
func TestRefusalEndsByTheOldestOfAllReasons(t *testing.T) {
	h := newHost(t)
	for at, code := range []string{
		detect.CodeAbs, detect.CodeDiff, detect.CodeAbs, detect.CodeAbs, detect.CodeAbs, detect.CodeAbs,
		detect.CodeAbs, detect.CodeAbs, detect.CodeAbs, detect.CodeAbs, detect.CodeSlow, // which is the first of its reason
	} {
		require.Nil(t, h.process().Judge(h.event(detect.SignalCPU, code, 95, 100*time.Hour)), at)
		h.now = h.now.Add(time.Minute)
	}
	r := h.process().Judge(h.event(detect.SignalCPU, detect.CodeAbs, 95, 100*time.Hour))
	require.Equal(t, &detect.Refusal{Why: "is over the day's budget of the service", For: 24*time.Hour - 10*time.Minute}, r)
}

// Reports by a clock that was ahead are among the others, in the order of their times.
func TestClockThatWasAheadKeepsTheOrder(t *testing.T) {
	h := newHost(t)
	judge := func() {
		require.Nil(t, h.process().Judge(h.event(detect.SignalCPU, detect.CodeAbs, 95, 100*time.Hour)))
	}
	began := h.now
	judge()
	h.now = began.Add(25 * time.Hour)
	judge()
	h.now = h.now.Add(10 * time.Minute)
	judge()
	h.now = began.Add(5 * time.Minute)
	judge()

	_, state, _ := bytes.Cut(testkit.Must(os.ReadFile(h.file()))(t), []byte("\n"))
	var kept struct {
		Problems []struct {
			Reports []struct {
				At time.Time `json:"at"`
			} `json:"reports"`
		} `json:"problems"`
	}
	require.NoError(t, json.Unmarshal(state, &kept))
	require.Len(t, kept.Problems, 1)
	var at []time.Duration
	for _, r := range kept.Problems[0].Reports {
		at = append(at, r.At.Sub(began))
	}
	require.Equal(t, []time.Duration{-5 * time.Minute, 0, 5 * time.Minute, 5 * time.Minute}, at)
}
