package agents_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
	"github.com/google/pprof/profile"
	pushv1 "github.com/grafana/pyroscope/api/gen/proto/go/push/v1"
	"github.com/grafana/pyroscope/api/gen/proto/go/push/v1/pushv1connect"
	typesv1 "github.com/grafana/pyroscope/api/gen/proto/go/types/v1"
	"github.com/stretchr/testify/require"
)

// taken is the time of the tests' profiles.
func taken() time.Time { return time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC) }

// serve starts a collector, and returns its store and the address.
func serve(t *testing.T, change func(*api.Config)) (*files.Store, string) {
	t.Helper()
	store, err := files.Open(t.Context(), t.TempDir(), files.Options{})
	require.NoError(t, err)
	c := api.Config{Store: store, Open: true}
	change(&c)
	handler, err := api.New(c)
	require.NoError(t, err)
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, store.Close())
	})
	return store, server.URL
}

// cpuProfile is a CPU profile that was taken at that time.
func cpuProfile(t *testing.T, at time.Time) []byte {
	t.Helper()
	f := &profile.Function{ID: 1, Name: "main.work"}
	l := &profile.Location{ID: 1, Line: []profile.Line{{Function: f, Line: 7}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Sample:     []*profile.Sample{{Location: []*profile.Location{l}, Value: []int64{1, 10_000_000}}},
		Function:   []*profile.Function{f}, Location: []*profile.Location{l},
		TimeNanos: at.UnixNano(), DurationNanos: int64(15 * time.Second),
	}
	var b bytes.Buffer
	require.NoError(t, p.Write(&b))
	return b.Bytes()
}

// request is one as Alloy sends it: one series, with the labels of its target.
func request(id string, raw []byte) *connect.Request[pushv1.PushRequest] {
	return connect.NewRequest(&pushv1.PushRequest{Series: []*pushv1.RawProfileSeries{{
		Labels: []*typesv1.LabelPair{
			{Name: "__delta__", Value: "false"},
			{Name: "__name__", Value: "process_cpu"},
			{Name: "namespace", Value: "shop"},
			{Name: "service_name", Value: "shop/cart"},
		},
		Samples: []*pushv1.RawSample{{ID: id, RawProfile: raw}},
	}}})
}

// The client pushes in each of its forms, and a repetition is stored once.
func TestClient(t *testing.T) {
	store, address := serve(t, func(*api.Config) {})
	for i, options := range [][]connect.ClientOption{
		nil, {connect.WithSendGzip()}, {connect.WithProtoJSON()}, {connect.WithProtoJSON(), connect.WithSendGzip()},
	} {
		client := pushv1connect.NewPusherServiceClient(http.DefaultClient, address, options...)
		at := taken().Add(time.Duration(i) * time.Hour)
		for range 2 {
			_, err := client.Push(t.Context(), request("an-id", cpuProfile(t, at)))
			require.NoError(t, err)
		}
		var found []collector.Meta
		for m, err := range store.Find(t.Context(), collector.Query{Service: "shop/cart", From: at, To: at.Add(time.Minute)}) {
			require.NoError(t, err)
			found = append(found, m)
		}
		require.Len(t, found, 1)
		require.Equal(t, collector.KindCPU, found[0].Kind)
		require.Equal(t, "namespace=shop", found[0].Labels.String())
		require.Equal(t, 15*time.Second, found[0].Duration)
	}
}

// The client reads the errors. Alloy sends again what is exhausted, unavailable, late
// or internal, and drops the rest.
func TestErrors(t *testing.T) {
	none := func(*api.Config) {}
	for name, tt := range map[string]struct {
		change func(*api.Config)
		raw    []byte
		want   connect.Code
	}{
		"no profile":     {none, []byte("this is not a profile"), connect.CodeInvalidArgument},
		"too large":      {func(c *api.Config) { c.Limits.ProfileBytes = 10 }, cpuProfile(t, taken()), connect.CodeInvalidArgument},
		"no token":       {func(c *api.Config) { c.Tokens.Write = "secret" }, cpuProfile(t, taken()), connect.CodeUnauthenticated},
		"writing is off": {func(c *api.Config) { c.Open = false }, cpuProfile(t, taken()), connect.CodePermissionDenied},
		"a full disk":    {func(c *api.Config) { c.Store = full{c.Store} }, cpuProfile(t, taken()), connect.CodeResourceExhausted},
	} {
		_, address := serve(t, tt.change)
		_, err := pushv1connect.NewPusherServiceClient(http.DefaultClient, address).Push(t.Context(), request("", tt.raw))
		require.Equal(t, tt.want, connect.CodeOf(err), "%s: %v", name, err)
	}
}

// full is a store without room.
type full struct{ collector.Store }

func (full) Draft(context.Context) (collector.Draft, error) {
	return nil, collector.Errorf(collector.Full, "the disk is full")
}
