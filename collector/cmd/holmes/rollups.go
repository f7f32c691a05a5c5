package main

import (
	"context"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
)

// rollupsDir is where roll-ups are, in the directory of all data.
const rollupsDir = "rollups"

// rollInterval is how often periods that have ended are looked for.
const rollInterval = 5 * time.Minute

// openMerger returns what merges; with roll-ups, unless they may take nothing.
func (c *serveConfig) openMerger(store *files.Store, log *zap.Logger) (*merge.Merger, error) {
	config := merge.Config{Store: store, Damaged: func(m *collector.Meta, why error) {
		log.Warn("a stored profile cannot be read", zap.String("id", m.ID), zap.String("service", m.Service),
			zap.String("type", string(m.Kind)), zap.Stringer("labels", m.Labels), zap.Time("received", m.ReceivedAt), zap.Error(why))
	}}
	if c.rollupBytes > 0 {
		config.Dir, config.RollupBytes = filepath.Join(c.data, rollupsDir), int64(c.rollupBytes)
	}
	return merge.New(config)
}

// rollEvery makes roll-ups, at once and then now and then, until the returned
// function is called, which returns when that has ended.
func rollEvery(ctx context.Context, merger *merge.Merger, log *zap.Logger) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	roller := merger.Roller()
	go func() {
		defer close(done)
		ticker := time.NewTicker(rollInterval)
		defer ticker.Stop()
		for {
			round, err := roller.Round(ctx)
			if err != nil && ctx.Err() == nil {
				log.Error("making roll-ups", zap.Error(err))
			}
			if round.Made > 0 || round.Removed > 0 {
				log.Info("roll-ups", zap.Int("made", round.Made), zap.Int("removed", round.Removed),
					zap.Int("files", round.Files), zap.Int64("bytes", round.Bytes))
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
