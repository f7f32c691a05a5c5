package targets

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"golang.org/x/sync/errgroup"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// updateEvery is the least time between two lists of targets.
const updateEvery = time.Second

// A Manager finds targets.
type Manager struct {
	log       *zap.Logger
	mechanism *discovery.SDMetrics
	metrics   prometheus.Registerer
}

// NewManager returns a manager that has started nothing. Its metrics are registered.
func NewManager(log *zap.Logger, r prometheus.Registerer) (*Manager, error) {
	m, err := discovery.CreateAndRegisterSDMetrics(r)
	if err != nil {
		return nil, fmt.Errorf("holmes-watch: discovery: %w", err)
	}
	return &Manager{log: log, mechanism: m, metrics: r}, nil
}

// Run finds the targets of the jobs until ctx is done, and passes each new list to
// changed, which must not block for long.
func (m *Manager) Run(ctx context.Context, jobs []*config.Job, changed func([]*Target)) error {
	logger := slog.New(zapslog.NewHandler(m.log.Core()))
	dm := discovery.NewManager(ctx, logger, m.metrics, m.mechanism, discovery.Name("watch"), discovery.Updatert(updateEvery))
	if dm == nil {
		return fmt.Errorf("holmes-watch: discovery cannot be started: its metrics are registered already")
	}
	defer dm.UnregisterMetrics()
	byName, configs := map[string]*config.Job{}, map[string]discovery.Configs{}
	for _, j := range jobs {
		byName[j.Name], configs[j.Name] = j, j.Discovery
	}
	if err := dm.ApplyConfig(configs); err != nil {
		return fmt.Errorf("holmes-watch: discovery: %w", err)
	}
	var g errgroup.Group
	g.Go(func() error {
		_ = dm.Run() // returns the error of ctx
		return nil
	})
	g.Go(func() error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case groups, ok := <-dm.SyncCh():
				if !ok {
					return nil
				}
				changed(m.list(byName, groups))
			}
		}
	})
	return g.Wait()
}

// list returns the targets of all groups. What cannot be used is logged.
func (m *Manager) list(jobs map[string]*config.Job, groups map[string][]*targetgroup.Group) []*Target {
	var all []*Target
	for name, gs := range groups {
		for _, g := range gs {
			targets, wrong := built(jobs[name], g)
			all = append(all, targets...)
			for _, err := range wrong {
				m.log.Warn("A discovered target is not watched.", zap.Error(err))
			}
		}
	}
	return unique(all)
}
