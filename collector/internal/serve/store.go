package serve

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
)

// openStore opens the store, and reports its progress.
func (c *Config) openStore(ctx context.Context, g *gate, log *zap.Logger) (*files.Store, error) {
	tell := progress(log)
	return files.Open(ctx, c.Data, files.Options{
		MaxBytes: int64(c.MaxBytes), MaxAge: time.Duration(c.MaxAge), EventAge: time.Duration(c.EventAge),
		Quotas: c.Quotas.Bytes(), Quota: int64(c.Quotas["*"]), KeepFree: int64(c.KeepFree),
		Rebuild: c.Rebuild, Log: log.Named("store"),
		Progress: func(done, total int) {
			g.report(done, total)
			tell(done, total)
		},
	})
}

// gauges returns the gauges of the store for /metrics.
func gauges(store *files.Store, filled *atomic.Bool) func() []api.Gauge {
	return func() []api.Gauge {
		usage := store.Usage()
		all := []api.Gauge{
			{Name: "holmes_store_bytes", Help: "Bytes that all uploads take.", Value: float64(usage.Bytes)},
			{Name: "holmes_store_uploads", Help: "Uploads that are kept.", Value: float64(usage.Uploads)},
			{Name: "holmes_store_damaged", Help: "Uploads and profiles that were found to be damaged since the start.", Value: float64(usage.Damaged)},
		}
		complete := api.Gauge{Name: "holmes_store_totals_complete", Help: "1 when the profiles that an earlier version has stored are added up."}
		if filled.Load() {
			complete.Value = 1
		}
		all = append(all, complete)
		for _, r := range store.Removals() {
			labels := map[string]string{"cause": r.Cause, "class": r.Class}
			all = append(all,
				api.Gauge{Name: "holmes_store_removed_total", Help: "Uploads that were removed, by cause and class.", Value: float64(r.Uploads), Labels: labels, Counter: true},
				api.Gauge{Name: "holmes_store_removed_bytes_total", Help: "Bytes of the uploads that were removed, by cause and class.", Value: float64(r.Bytes), Labels: labels, Counter: true})
		}
		return all
	}
}

// warnOfRoom says when the disk cannot hold what the configuration allows.
func (c *Config) warnOfRoom(store *files.Store, log *zap.Logger) {
	free, size, err := files.Disk(c.Data)
	if err != nil {
		return // the system does not say
	}
	if wanted, room := c.wanted(size), free+store.Usage().Bytes; wanted > room {
		log.Warn("the disk is too small for max-bytes, max-rollups and keep-free: uploads will be removed earlier",
			zap.Int64("wanted", wanted), zap.Int64("room", room))
	}
	quotas := int64(0)
	for _, quota := range c.Quotas.Bytes() {
		quotas += quota
	}
	if c.MaxBytes > 0 && quotas > int64(c.MaxBytes) {
		log.Warn("the quotas of the services are more than max-bytes", zap.Int64("quotas", quotas), zap.Stringer("max-bytes", &c.MaxBytes))
	}
	if c.EventAge > 0 && c.EventAge < c.MaxAge {
		log.Warn("events are removed before profiles", zap.Stringer("event-age", &c.EventAge), zap.Stringer("max-age", &c.MaxAge))
	}
}

// wanted is how much of a disk of that size the configuration allows to use.
func (c *Config) wanted(size int64) int64 {
	return int64(c.MaxBytes) + int64(c.RollupBytes) + min(int64(c.KeepFree), size/20)
}

// closeTime is how long writing the index may take. Nothing is lost without it:
// the next process reads the files.
const closeTime = time.Second

func closeInTime(store *files.Store) error {
	closed := make(chan error, 1)
	go func() { closed <- store.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeTime):
		return errors.New("holmes serve: the index was not written in time; the next start reads the files instead")
	}
}

// progress logs the progress of building the index, once a second.
func progress(log *zap.Logger) func(done, total int) {
	began := time.Now()
	next := began
	return func(done, total int) {
		now := time.Now()
		if now.Before(next) && done < total {
			return
		}
		next = now.Add(time.Second)
		left := time.Duration(float64(now.Sub(began)) / float64(max(done, 1)) * float64(total-done))
		log.Info("reading files that the index does not know", zap.Int("done", done), zap.Int("total", total),
			zap.Duration("left", left.Round(time.Second)))
	}
}
