package api

import (
	"net/http"
	"time"

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
	// Tokens say who may do what.
	Tokens Tokens
	// Open lets anybody do what there is no token for. It is meant for a
	// server that only this machine reaches: requests must then name it by an
	// address or as localhost, so that no page of the web can, through a name
	// of its own that it points here. The default is that what has no token
	// cannot be done.
	Open bool
	// Limits bound what one client can ask for, and all of them together.
	Limits Limits
	// Sweep is what POST /api/1/sweep does. The default is that there is no
	// such route.
	Sweep func() (removed int, err error)
	// Gauges are added to /metrics. The default is none.
	Gauges func() []Gauge
	// Pages serves whatever no route is for to who may read, such as what people
	// look at in a browser. The default is that there is nothing else.
	Pages http.Handler
	// Version is what GET /api/0/version answers.
	Version Version
	// Log is told about faults. The default is nobody.
	Log *zap.Logger
	// Now is the clock; the default is [time.Now].
	Now func() time.Time
}

// A Version says what is running.
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
	// Uploads bounds how many are received at the same time; 64. One more is
	// asked to come again.
	Uploads int
	// Queries bounds how many searches, downloads and merges are answered at
	// the same time; 64.
	Queries int
	// Idle is how long a client may send or take nothing; 10 s.
	Idle time.Duration
	// Upload is how long one upload may take in all; 5 min.
	Upload time.Duration
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
	set(&l.Idle, 10*time.Second)
	set(&l.Upload, 5*time.Minute)
	set(&l.Merge, time.Minute)
	return l
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
