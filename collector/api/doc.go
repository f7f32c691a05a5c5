// Package api is the collector over HTTP.
//
//	handler, err := api.New(api.Config{Store: store, Tokens: tokens})
//
// # Routes
//
// profefe's, in its envelope {"code":200,"body":...} or {"code":N,"error":"..."}:
//
//	POST /api/0/profiles?service=&type=[&labels=k=v,...][&created_at=]
//	GET  /api/0/profiles?service=&from=&to=[&type=][&labels=][&limit=]
//	GET  /api/0/profiles/<id>
//	GET  /api/0/services
//	GET  /api/0/version
//
// Pyroscope's, answered with nothing, or {"code":"...","message":"..."}:
//
//	POST /ingest?name=app{k=v,...}[&from=][&until=]
//
// Ours, answered with an object, or {"code":"...","error":"..."}:
//
//	POST /api/1/events                   a whole event, as reporters.NewHTTP sends it
//	GET  /api/1/events[?service=][&signal=][&state=][&reason=][&culprit=][&labels=][&from=][&to=][&limit=]
//	GET  /api/1/events/<id>              its summary
//	GET  /api/1/events/<id>/<file>       event.json, or a profile, as received
//	GET  /api/1/profiles[?service=][&type=][&event=][&labels=][&from=][&to=][&limit=]
//	GET  /api/1/profiles/<id>            what is known about it
//	POST /api/1/sweep                    remove what is too old, now
//
// And for whoever watches the process: GET /healthz, GET /readyz, GET /metrics.
//
// A type is cpu, heap, block, mutex, goroutine, threadcreate, other or trace.
// Labels are "k=v,k2=v2", each side escaped as in a query once more, so that a
// comma in a value travels as %252C. Times are UTC, 2006-01-02T15:04:05, or RFC
// 3339; from and to are both inside the window, and a time in whole seconds
// means all of its second. An Idempotency-Key makes a repetition harmless.
//
// # Where profefe is not followed
//
//   - What is no profile, or one of another type than is said, is refused with
//     the reason (400). There, a heap profile sent as cpu makes every merge of
//     that window fail.
//   - Searching by labels finds what arrived out of order.
//   - An ID that is malformed is not found (404), and no fault (500).
//   - Services and labels hold any printable text, slashes and commas included.
//   - Bodies, times, and the number of requests at once are bounded.
//   - All answers but profiles are application/json.
//
// # Rights
//
// Writing, reading and triggering have a token each, see [Tokens]. A page of
// another origin can do nothing but read what is public, which nothing is.
//
// # Caveats
//
// What comes in is looked at, not decoded. A profile can still turn out to be of
// no use when it is read.
//
// # For developers
//
// A request's way:
//
//	handler.go   dialect, unknown routes, other origins, panics
//	routes.go    the table; tokens, places, deadlines of the answer
//	auth.go      tokens
//	receive.go   deadlines and bounds of what comes in
//	profefe.go, ingest.go (name.go), events.go   what comes in; keep.go what they share
//	search.go    what is asked; view.go what is answered
//	download.go  files
//	reply.go     errors in three dialects
//	metrics.go   what Prometheus reads
//
// Another route is a row of the table in routes.go. Pages for people are
// [Config].Pages, behind the same tokens and bounds.
package api
