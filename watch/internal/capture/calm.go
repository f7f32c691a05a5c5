package capture

import (
	"fmt"
	"time"

	"github.com/go-holmes/holmes/event"
	"go.uber.org/zap"
)

// Calm says that a target is calm. If its service and version have no recent baseline, a
// round is taken in the background; still reports at its end whether the target is calm
// yet. Calm does not block.
func (c *Captures) Calm(s *Source, still func() bool) {
	if !c.baselines.claim(s.Target, time.Now()) {
		return
	}
	c.run(func() {
		if err := c.takeBaseline(s, still); err != nil {
			c.log.Debug("No profiles of calm times were taken.", zap.String("target", s.Target.Key()), zap.Error(err))
			return
		}
		c.stats.Baselines.Add(1)
	})
}

func (c *Captures) takeBaseline(s *Source, still func() bool) error {
	select {
	case s.recording <- struct{}{}:
	default:
		return fmt.Errorf("an event is being captured")
	}
	defer func() { <-s.recording }()
	raw := map[event.Kind][]byte{}
	var heapAt time.Time
	for _, k := range calmKinds() {
		p, err := s.record(c.ctx, k, min(c.config.ProfileBytes, maxBaselineBytes), c.lasting())
		if err == nil {
			c.decoding(func() { err = check(k, p.raw, c.config.MemoryBytes) })
		}
		if err != nil {
			return err
		}
		raw[k.Kind] = p.raw
		if k.Kind == event.KindHeap {
			heapAt = p.start
		}
	}
	if !still() {
		return fmt.Errorf("the target is not calm any more")
	}
	c.baselines.put(s.Target, time.Now(), heapAt, raw)
	return nil
}
