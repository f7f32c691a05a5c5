package serve

import (
	"context"
	"io"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/go-holmes/holmes/collector/merge"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// RollupsDir is the directory of roll-ups, below [Config].Data.
const RollupsDir = "rollups"

const (
	sweepInterval = time.Minute
	rollInterval  = 5 * time.Minute
	scrubInterval = time.Minute
)

// every does something at once and then periodically, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweep removes the uploads that are too old.
func sweep(ctx context.Context, store *files.Store, log *zap.Logger) {
	if _, err := store.Sweep(ctx); err != nil && ctx.Err() == nil {
		log.Error("removing old uploads failed", zap.Error(err))
	}
}

// scrub reads some uploads, so many that all are read within period, and sets damaged
// ones aside.
func scrub(ctx context.Context, store *files.Store, period time.Duration, log *zap.Logger) {
	n := 1 + int(float64(store.Usage().Uploads)*float64(scrubInterval)/float64(period))
	if _, err := store.Scrub(ctx, n); err != nil && ctx.Err() == nil {
		log.Error("reading stored uploads failed", zap.Error(err))
	}
}

// backfill gives totals to what an earlier version has stored, and reports whether it
// has come to the end.
func backfill(ctx context.Context, store *files.Store, log *zap.Logger) bool {
	checker, err := safepprof.New(safepprof.Limits{Body: mostStored, Inflated: 16 * mostStored, Decoded: 1 << 40})
	if err == nil {
		err = store.Backfill(ctx, func(r io.Reader) ([]collector.Total, error) {
			info, err := checker.ShallowCheck(r)
			if err != nil {
				return nil, err
			}
			return info.Sums(), nil
		}, func(done, total int) {
			log.Info("adding up profiles of an earlier version", zap.Int("directories", done), zap.Int("of", total))
		})
	}
	if err != nil && ctx.Err() == nil {
		log.Error("adding up profiles of an earlier version failed; the next start goes on", zap.Error(err))
	}
	return err == nil
}

// mostStored bounds a profile that was stored under any limit.
const mostStored = 128 << 20

// openMerger returns the merger, with roll-ups unless their bound is 0.
func (c *Config) openMerger(store *files.Store, log *zap.Logger) (*merge.Merger, error) {
	config := merge.Config{Store: store, Damaged: func(m *collector.Meta, why error) {
		log.Warn("a stored profile cannot be read", zap.String("id", m.ID), zap.String("service", m.Service),
			zap.String("type", string(m.Kind)), zap.Stringer("labels", m.Labels), zap.Time("received", m.ReceivedAt), zap.Error(why))
	}}
	if c.RollupBytes > 0 {
		config.HourAge, config.DayAge = time.Duration(c.HourAge), time.Duration(c.DayAge)
		config.Dir, config.RollupBytes = filepath.Join(c.Data, RollupsDir), int64(c.RollupBytes)
	}
	return merge.New(config)
}

// roll makes the roll-ups of periods that have ended.
func roll(ctx context.Context, roller *merge.Roller, log *zap.Logger) {
	round, err := roller.Round(ctx)
	if err != nil && ctx.Err() == nil {
		log.Error("making roll-ups failed", zap.Error(err))
	}
	if round.Made > 0 || round.Removed > 0 {
		log.Info("roll-ups", zap.Int("made", round.Made), zap.Int("removed", round.Removed),
			zap.Int("files", round.Files), zap.Int64("bytes", round.Bytes))
	}
}
