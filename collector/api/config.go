package api

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/merge"
)

// A Config is what a [Handler] is made of. Store is required, all else has a
// default.
type Config struct {
	Store collector.Store
	// Merger merges; the default is one without roll-ups.
	Merger *merge.Merger
	// Dot is Graphviz's program, which draws call graphs; "dot" by default.
	Dot string
	// Tokens are the secrets of the rights.
	Tokens Tokens
	// Open allows every client whatever has no token. It is meant for a server
	// on the loopback: the Host of a request must be an address or localhost,
	// so that no web page can reach it through a name of its own. By default a
	// right without a token is off.
	Open bool
	// Hosts are further names of the server, as a proxy has them: they are valid in
	// the Host header and in origins. The default is none.
	Hosts []string
	// Prefix is the path below which a proxy shows the server, such as /holmes.
	// Requests are served with it and without.
	Prefix string
	// AccessLog says which requests are logged; [AccessSampled] by default.
	AccessLog AccessLog
	// Limits bound single requests, and all of them together.
	Limits Limits
	// Sweep is called by POST /api/1/sweep. The default is that there is no
	// such route.
	Sweep func() (removed int, err error)
	// Collectors are added to /metrics. The default is none.
	Collectors []prometheus.Collector
	// Gauges are added to /metrics. The default is none.
	Gauges func() []Gauge
	// Pages serves requests without a route to clients that may read: pages for
	// a browser. The default answers them as not found.
	Pages http.Handler
	// Version is what GET /api/0/version answers.
	Version Version
	// Log receives faults. The default logs nothing.
	Log *zap.Logger
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
}

// A Version is that of the running program.
type Version struct {
	Version   string `json:"version"`
	Commit    string `json:"commit"`
	BuildTime string `json:"build_time"`
}

// Limits bound requests. A zero field has its default.
type Limits struct {
	// ProfileBytes bounds one profile as it is sent; 16 MiB.
	ProfileBytes int64
	// TraceBytes bounds one execution trace; 64 MiB.
	TraceBytes int64
	// EventBytes bounds a whole event; 128 MiB.
	EventBytes int64
	// Uploads bounds the uploads that are received at the same time; 64. For one
	// more the slowest below Rate is cut off; if there is none, it is asked to
	// come again.
	Uploads int
	// Queries bounds the searches, downloads and merges that are answered at
	// the same time; 64.
	Queries int
	// Drawings bounds the merges that are answered at the same time, and with
	// them the memory that they take; 2. Others wait for their turn.
	Drawings int
	// Idle is how long a client may send or receive nothing; 10 s.
	Idle time.Duration
	// Rate is how many bytes a second an upload has at least, beyond the first
	// Idle; 8 KiB.
	Rate int64
	// Yield is how long a slower one keeps its place if others want it; 1 s.
	Yield time.Duration
	// Upload is how long one upload may take in all; 5 min.
	Upload time.Duration
	// Login is how long the answer to a failed log-in is delayed; 1 s.
	Login time.Duration
	// Merge is how long one merge may take, the wait for its turn included;
	// 1 min.
	Merge time.Duration
}

const (
	mib           = 1 << 20
	busyRetry     = 2 * time.Second
	maxQueryBytes = 16 << 10
)

func (l Limits) withDefaults() Limits {
	set(&l.ProfileBytes, 16*mib)
	set(&l.TraceBytes, 64*mib)
	set(&l.EventBytes, 128*mib)
	set(&l.Uploads, 64)
	set(&l.Queries, 64)
	set(&l.Drawings, 2)
	set(&l.Idle, 10*time.Second)
	set(&l.Rate, 8<<10)
	set(&l.Yield, time.Second)
	set(&l.Upload, 5*time.Minute)
	set(&l.Login, time.Second)
	set(&l.Merge, time.Minute)
	return l
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// An AccessLog says which requests are logged. Refused uploads always are.
type AccessLog string

// The access logs.
const (
	// AccessSampled logs of each route and status the first ten in a minute, and
	// every thousandth after them.
	AccessSampled AccessLog = "sampled"
	AccessAll     AccessLog = "all"
	AccessOff     AccessLog = "off"
)

// Set reads the name of an access log.
func (a *AccessLog) Set(text string) error {
	switch next := AccessLog(text); next {
	case AccessSampled, AccessAll, AccessOff:
		*a = next
		return nil
	}
	return fmt.Errorf("%q is none of sampled, all, off", text)
}

// String returns the name, as [AccessLog.Set] takes it.
func (a *AccessLog) String() string { return string(*a) }

// A Gauge is a number that [Config].Gauges adds to /metrics.
type Gauge struct {
	// Name is such as holmes_store_bytes, Help one line about it.
	Name, Help string
	Value      float64
	// Labels tell apart those of the same name.
	Labels map[string]string
	// Counter says that it only grows.
	Counter bool
}
