// Package handler serves a Holmes over HTTP: what it sees and why there is no event, its
// events for download, and a capture on demand. It is a package of its own, so that a
// program that does not use it does not link net/http by holmes.
//
//	mux.Handle("/debug/holmes/", http.StripPrefix("/debug/holmes", handler.New(h)))
//
// Nothing is served unless the application mounts it. Mount it beside net/http/pprof, on
// an address that only operators reach: there is no login, and profiles, labels and
// names of functions tell much of a service.
//
// # Routes
//
// Paths are below the prefix that the handler is mounted at.
//
//	GET  /                   the page for a browser
//	GET  /status             the statistics, as JSON
//	GET  /events             the events in the dump path, newest first, as JSON
//	GET  /events/ID          all files of an event, as a tar
//	GET  /events/ID/FILE     one file, such as event.json, summary.txt or cpu.pb.gz
//	GET  /profile            a CPU profile beside holmes's; see [Profile]
//	POST /capture            captures an event; see below
//
// The statistics are [holmes.Stats] with its fields' names in lower case, "why_not" for
// WhyNot. Durations are in seconds, as "uptime_seconds", and an error is its text.
//
// The events are those of all processes that share the dump path. An event that the disk
// has refused is in memory, counted in the statistics and not listed.
//
// POST /capture is [holmes.Holmes.CaptureNow] with the kinds of the form field "kind",
// which may be repeated. It answers when the event is complete: with its event.json if
// the client accepts application/json or anything, and with a redirect to the page for a
// browser. There is one capture at a time; during it, another gets 429.
//
//	curl -X POST -d kind=goroutine localhost:6060/debug/holmes/capture
//
// Only this route changes anything. It refuses requests that come from a page of another
// origin.
//
// # File map
//
//	handler.go  New, the routes and what all answers have in common
//	status.go   the statistics as JSON
//	events.go   the events in the dump path; download.go their files
//	capture.go  a capture on demand; profile.go a CPU profile
//	page.go     the page, from page.html and page.css
package handler
