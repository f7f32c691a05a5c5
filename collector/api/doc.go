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
//	GET  /api/0/profiles/merge?service=&type=&from=&to=[&labels=][&limit=]
//	GET  /api/0/profiles/<id>[+<id>...]
//	GET  /api/0/services
//	GET  /api/0/version
//
// Pyroscope's, answered with nothing, or {"code":"...","message":"..."}:
//
//	POST /ingest?name=app{k=v,...}[&from=][&until=]
//	POST /push.v1.PusherService/Push     PushRequest as application/proto or application/json
//
// Ours, answered with an object, or {"code":"...","error":"..."}:
//
//	POST /api/1/events                   a whole event, as reporters.NewHTTP sends it
//	GET  /api/1/events[?service=][&signal=][&state=][&reason=][&culprit=][&labels=][&match=][&from=][&to=][&limit=][&after=]
//	GET  /api/1/events/<id>              its summary
//	GET  /api/1/events/<id>/<file>       event.json, or a profile, as received
//	GET  /api/1/profiles[?service=][&type=][&event=][&labels=][&match=][&from=][&to=][&limit=][&after=]
//	GET  /api/1/profiles/<id>            its description, with the totals of its values
//	GET  /api/1/labels[?...]             names of the labels of the profiles that such a search finds
//	GET  /api/1/labels/<name>/values[?...]
//	                                     values of one of them, or of service or type
//	GET  /api/1/timeline?value=[&step=][&by=][&...]
//	                                     totals of their values over time
//	GET  /api/1/merge?service=&type=[&labels=][&match=][&from=][&to=][&limit=][&format=][&value=][&over=][&instances=][&max_samples=]
//	GET  /api/1/merge?ids=<id>,<id>...   the same of these profiles
//	GET  /api/1/diff?...&base_...=       the merge less the one of base_ids, or of base_labels, base_match,
//	                                     base_from and so on; parameters without a base_ one are those of both
//	POST /api/1/sweep                    remove uploads that are too old, now
//	POST /api/1/delete?service=          remove all of a service; with profile= or event= one of these
//	POST /api/1/keep?event=[&how=]       keep an event, with profile= a profile, until how=unpinned; how=opened
//	                                     counts its age from now on
//
// And for monitoring:
//
//	GET  /healthz                        the process lives
//	GET  /readyz                         it serves
//	GET  /metrics                        what Prometheus reads
//	GET  /debug/pprof/                   profiles of the collector itself, as package net/http/pprof serves them
//
// A type is cpu, heap, block, mutex, goroutine, threadcreate, other or trace.
// Labels are "k=v,k2=v2", each side escaped as in a query once more, so that a
// comma in a value travels as %252C. match is a matcher such as version="1.2.3", with one of
// Prometheus's operators =, !=, =~ and !~, and may be given several times; an
// expression has to match the whole value, and a label that is missing is "". service and
// type can be matched like labels. Times are UTC, 2006-01-02T15:04:05, RFC 3339,
// or an age such as 24h, 7d or now-1h; from and to are both inside the window, and a
// time in whole seconds means all of its second. The same holds for the pages and the
// commands. A list of /api/1 that has more results has their position in next: the
// same request with it as after answers with those. An Idempotency-Key makes a
// repetition harmless.
//
// # Timelines
//
// A timeline adds up the totals that the index has of profiles; no profile is read. value is the
// sample type, such as cpu or inuse_space, or by default the one that says the most of
// type. step is the length of the steps, such as 30s, 5m or 1d; by default there are about
// a hundred. by is a label, service or type, whose values get a line each. Without to the
// timeline is until now, and without from of a day. A point has the sum of the values, the number of
// profiles, with which it is the mean of snapshots, and the sum of their durations, with which it
// is the rate of flows.
//
// # Push
//
// The call of Connect with one request and one answer. Content-Encoding may be gzip, and so may
// each profile. The label service_name is the service, labels whose name begins with
// two underscores are left out, and __name__ tells block profiles from those of mutexes.
//
// Each profile is stored or refused by itself. Where some are refused, the answer is an
// error that says how many, and of three which and why; the others are stored. An error of the
// whole, such as a body that ends early or a full disk, ends the reading: what came before it is
// stored. So a request can be sent again: a sample is a repetition if its ID, its
// labels and its inflated content are those of a stored one. Without an ID that holds
// for profiles that say their time. A request has at most 1000 profiles, and
// the size of an event, [Limits].EventBytes, as sent and inflated.
//
// # Merging and comparing
//
// format is the form of the answer:
//
//	pprof  a profile for go tool pprof, the default
//	pgo    a CPU profile without labels, for go build -pgo
//	top    the table of functions, as JSON
//	flame  a flame graph, SVG
//	graph  the call graph, SVG, where Graphviz's dot is installed; dot its source
//
// value names the values to show, such as inuse_space; the default goes by the type
// that is asked for. max_samples keeps that many stacks and adds up the others as
// "(other)".
//
// What values of several profiles are together is the same in all forms, and is
// said in each: "measure" of format=top, the line of a picture, a comment of a
// profile (go tool pprof -comments), the header X-Holmes-Measure.
//
//	over       total, the default: flows such as CPU time are added up; rate: they are per
//	           second of the time that they cover; latest: snapshots such as inuse_space
//	           are the latest of each instance, without it the mean over time
//	instances  sum, the default, or mean
//
// A difference brings the base to the same time and to as many instances. With
// normalize=true it is brought to the same total, as with go tool pprof -normalize,
// and with normalize=false nothing is done, as with go tool pprof -base. form=diff_base
// shows it in relation to the base. Headers of the answer count the merged profiles,
// X-Holmes-Profiles, those that could not be read, X-Holmes-Skipped, and the stacks
// that were added up, X-Holmes-Trimmed. X-Holmes-Labels is "dropped" if the labels of
// samples were, for want of room; they are kept by the form pprof alone.
//
// # Where profefe is not followed
//
//   - A body that is no profile, or one of another type, is refused with the
//     reason (400). In profefe, a heap profile sent as cpu makes every merge of
//     that window fail.
//   - Merged heap and goroutine profiles are a mean over time, not a sum.
//   - Searching by labels finds profiles that arrived out of order.
//   - A malformed ID is not found (404), and no fault (500).
//   - Services and labels hold any printable text, slashes and commas included.
//   - Bodies, times, and the number of requests at once are bounded.
//   - A time that is more than 10 minutes ahead becomes that of the arrival.
//   - All answers but profiles are application/json.
//
// # Rights
//
// Writing, reading and triggering have tokens of their own, see [Tokens]. A page of
// another origin can neither read nor change anything. A token that is none is answered
// late, 401, and one of another right 403.
//
// # Caveats
//
// Uploads are checked, not decoded. A profile may still prove to be damaged when it
// is read.
//
// # For developers
//
// A request's way:
//
//	handler.go   unknown routes, other origins, panics
//	routes.go    the table; rights, slots for requests
//	auth.go      rights; tokens.go their tokens
//	access.go    what is logged of requests
//	places.go    places for uploads; pace.go deadlines of bodies and answers
//	intake.go    uploads: profefe.go, ingest.go (name.go), push.go (pushseries.go), events.go; receive.go
//	             is what they share
//	search.go    searches and merges: profefe.go, merge.go, download.go, labels.go, timeline.go; params.go
//	             reads queries
//	view.go      objects that are answered; reply.go errors in three dialects
//	process.go   routes about the process; metrics.go what Prometheus reads; debug.go its profiles
//
// The forms of merges are package internal/render.
//
// Another route is a row of the table in routes.go. Pages for browsers are
// [Config].Pages, behind the same tokens and bounds.
package api
