package serve

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector/internal/units"
)

// A start says each thing that is wrong with its configuration once.
func TestStartWarnsOnce(t *testing.T) {
	core, logged := observer.New(zap.WarnLevel)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	c := Default()
	c.Addr, c.Data, c.Watch, c.Rebuild = "127.0.0.1:0", t.TempDir(), true, true
	c.MaxBytes, c.Quotas, c.EventAge = 1<<50, units.Quotas{"shop": 1 << 51}, 1
	c.Ready = func(net.Addr) { stop() }
	require.NoError(t, c.Run(ctx, zap.New(core)))
	times := map[string]int{}
	for _, line := range logged.All() {
		times[line.Message]++
	}
	require.Len(t, times, 3)
	for message, n := range times {
		require.Equal(t, 1, n, message)
	}
}
