package holmes

import (
	"encoding/gob"
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// These are what bench/internal/replay sends and gets; see there.
type (
	replayConfig struct {
		Signal       string
		Interval     time.Duration
		Classic      bool
		Rule, Slow   []byte
		Window, Hold int
		Budget       int
	}
	replayRequest struct {
		Configs []replayConfig
		Series  [][]float64
	}
	replayCapture struct {
		Suspected, Confirmed int
		Code                 string
	}
)

// TestReplay lets lanes of the default configuration judge recorded series. It
// is compiled into this package by bench/internal/replay alone.
func TestReplay(t *testing.T) {
	path := os.Getenv("HOLMES_REPLAY")
	if path == "" {
		t.Fatal("HOLMES_REPLAY names no request")
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	var req replayRequest
	require.NoError(t, gob.NewDecoder(f).Decode(&req))
	require.NoError(t, f.Truncate(0))
	_, err = f.Seek(0, 0)
	require.NoError(t, err)
	answer := make([][][]replayCapture, len(req.Configs))
	for i, c := range req.Configs {
		for _, values := range req.Series {
			answer[i] = append(answer[i], c.replay(t, values))
		}
	}
	require.NoError(t, gob.NewEncoder(f).Encode(answer))
	require.NoError(t, f.Close())
}

// replay is a lane of its own on synthetic time. Whatever it opens is decided
// by the lane and captures nothing.
func (rc replayConfig) replay(t *testing.T, values []float64) (captures []replayCapture) {
	t.Helper()
	c, sc := rc.config(t)
	var (
		value float64
		now   int
		open  []*inquiry
	)
	l := &lane{
		signal: Signal(rc.Signal),
		read:   func(time.Duration) (float64, float64, error) { return value, 100, nil },
		open: func(*finding, bool) *inquiry {
			q := &inquiry{twice: make(chan struct{}), decided: make(chan struct{})}
			q.over.Store(true) // as soon as it is decided: it has nothing to capture
			open = append(open, q)
			return q
		},
	}
	l.configure(c, sc)
	start := time.Unix(0, 0)
	for now, value = range values {
		at := time.Duration(now+1) * rc.Interval
		l.step(at, start.Add(at), "")
		open = slices.DeleteFunc(open, func(q *inquiry) bool {
			if q.verdict == StateConfirmed {
				held := int(q.final.trigger.Held / rc.Interval)
				captures = append(captures, replayCapture{now - held, now, q.final.trigger.Reason.Code})
			}
			return q.verdict != ""
		})
	}
	return captures
}

// config is the default one with what the request changes of it.
func (rc replayConfig) config(t *testing.T) (*config, signalConfig) {
	t.Helper()
	c := defaultConfig()
	c.interval, c.classic = rc.Interval, rc.Classic
	if rc.Budget > 0 {
		c.budget = rc.Budget
	}
	sc, ok := c.signals[Signal(rc.Signal)]
	require.True(t, ok, "signal %q", rc.Signal)
	rule, ok := sc.rule.(Threshold)
	require.True(t, ok)
	if rc.Window > 0 {
		rule.Window = time.Duration(rc.Window) * rc.Interval
	}
	if rc.Hold > 0 {
		rule.Hold = time.Duration(rc.Hold) * rc.Interval
	}
	if rc.Rule != nil {
		require.NoError(t, json.Unmarshal(rc.Rule, &rule))
	}
	if rc.Slow != nil {
		require.NoError(t, json.Unmarshal(rc.Slow, &sc.slow))
	}
	sc.rule, sc.enabled = rule, true
	require.NoError(t, c.validate())
	return c, sc
}
