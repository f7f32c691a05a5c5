package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/collector"
)

// Requests as the sources of the agents build them: labels, IDs, what is compressed.
func TestPushOfAgents(t *testing.T) {
	dotnet := []*profile.ValueType{
		{Type: "cpu", Unit: "nanoseconds"},
		{Type: "wall", Unit: "nanoseconds"},
		{Type: "exception", Unit: "count"},
		{Type: "lock_count", Unit: "count"},
		{Type: "lock_time", Unit: "nanoseconds"},
		{Type: "alloc_samples", Unit: "count"},
	}
	cpu := []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}
	offCPU := []*profile.ValueType{{Type: "offcpu", Unit: "nanoseconds"}}
	inUse := []*profile.ValueType{{Type: "inuse_objects", Unit: "count"}, {Type: "inuse_space", Unit: "bytes"}}
	runtime := func(scope, name string) []string {
		return []string{
			"region", "eu", "service_name", "shop", "otel.scope.name", "com.grafana.pyroscope/" + scope, "otel.scope.version", "1.0.12",
			"process.runtime.name", name, "process.runtime.version", "3.12.4",
		}
	}
	kubernetes := []string{"__delta__", "false", "container", "cart", "namespace", "shop", "service_name", "shop"}
	for _, tt := range []struct {
		agent, name string
		labels      []string
		types       []*profile.ValueType
		id          bool
		inner, body bool // compressed
		want        collector.Kind
	}{
		{"Rust and Ruby", "process_cpu", runtime("rust", "rust"), cpu, true, false, true, collector.KindCPU},
		{"Python, CPU", "process_cpu", runtime("python", "cpython"), cpu, true, false, true, collector.KindCPU},
		{"Python, memory", "memory", runtime("python", "cpython"), inUse, true, false, true, collector.KindHeap},
		{".NET", "process_cpu", append(runtime("dotnet", ".NET"), "spy_name", "dotnetspy"), dotnet, false, false, false, collector.KindCPU},
		{"Alloy, CPU", "process_cpu", kubernetes, valueTypes["cpu"], true, true, false, collector.KindCPU},
		{"Alloy, memory", "memory", kubernetes, valueTypes["heap"], true, true, false, collector.KindHeap},
		{"Alloy, goroutines", "goroutine", kubernetes, valueTypes["goroutine"], true, true, false, collector.KindGoroutine},
		{"Alloy, mutex", "godeltaprof_mutex", kubernetes, valueTypes["contention"], true, true, false, collector.KindMutex},
		{"Alloy, block", "godeltaprof_block", kubernetes, valueTypes["contention"], true, true, false, collector.KindBlock},
		{"Alloy, eBPF", "process_cpu", kubernetes, cpu, false, true, false, collector.KindCPU},
		{"Alloy, eBPF off CPU", "off_cpu", kubernetes, offCPU, false, true, false, collector.KindOther},
	} {
		t.Run(tt.agent, func(t *testing.T) {
			w := newWorld(t)
			raw := profileWith(t, tt.types, taken())
			if !tt.inner {
				raw = gunzip(t, raw)
			}
			id := ""
			if tt.id {
				id = "734fd599-6865-419e-9475-932762d8f469"
			}
			body := protoOf(series(id, raw, append([]string{"__name__", tt.name}, tt.labels...)...))
			headers := []string{"Content-Type", "application/proto", "X-Scope-OrgID", "anonymous"}
			if tt.body {
				body, headers = zipped(t, body), append(headers, "Content-Encoding", "gzip")
			}
			for range 2 {
				a := w.post(pushPath, body, headers...)
				require.Equal(t, http.StatusOK, a.status, a.body)
				require.Equal(t, "application/proto", a.header.Get("Content-Type"))
			}
			stored := w.metas(collector.Query{Service: "shop"})
			require.Len(t, stored, 1, "the second is a repetition")
			require.Equal(t, tt.want, stored[0].Kind)
			require.Equal(t, taken(), stored[0].CreatedAt)
			require.Equal(t, 10*time.Second, stored[0].Duration)
			require.Empty(t, stored[0].Labels.Get("__name__"))
			require.Equal(t, string(raw), w.get("/api/0/profiles/"+stored[0].ID).body)
		})
	}
}
