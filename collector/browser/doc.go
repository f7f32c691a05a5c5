// Package browser tests the collector's pages in Chromium: from the list to an
// event to its flame graph, zoom and search, a difference, pprof's pages. It is a
// module of its own because of what drives the browser.
//
// The tests skip where Chromium is not installed. They leave screenshots:
//
//	go test -artifacts -outputdir /tmp/pages .
package browser
