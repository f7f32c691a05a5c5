// Package targetstest finds the targets of a configuration for tests.
package targetstest

import (
	"context"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// Config returns a configuration.
func Config(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(text))
	require.NoError(t, err)
	return c
}

// Find returns the targets of a configuration with static_configs, when there are so many.
func Find(t *testing.T, c *config.Config, n int) (found []*targets.Target) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	m, err := targets.NewManager(zap.NewNop(), prometheus.NewRegistry())
	require.NoError(t, err)
	require.NoError(t, m.Run(ctx, c.Jobs, func(l []*targets.Target) {
		if len(l) == n {
			found = l
			cancel()
		}
	}))
	return found
}
