package values_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/values"
)

// BenchmarkReading is what one reading of a usual target costs, without the network.
func BenchmarkReading(b *testing.B) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsAll)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	families, err := registry.Gather()
	require.NoError(b, err)
	var page bytes.Buffer
	for _, f := range families {
		_, err := expfmt.MetricFamilyToText(&page, f)
		require.NoError(b, err)
	}
	b.SetBytes(int64(page.Len()))
	b.ReportAllocs()
	var r values.Reader
	for b.Loop() {
		p, err := values.Parse(page.Bytes())
		if err != nil {
			b.Fatal(err)
		}
		r.Read(p, time.Unix(1, 0))
	}
}
