// Package pages serves pages for a browser: services, the timeline of events, one
// event with its readings and evidence, flame graphs, tables of functions, the
// difference of two sets of profiles, and pprof's own pages.
//
//	pages, err := pages.New(pages.Config{Store: store})
//	handler, err := api.New(api.Config{Store: store, Pages: pages, ...})
//
// # The pages
//
//	/                  services, and the latest events
//	/events            events, the newest first [?service=][&signal=][&state=][&reason=][&culprit=][&labels=][&match=][&from=][&to=]
//	/events/<id>       one event
//	/profiles          profiles, the newest first; a selection, as below
//	/flame, /top       a flame graph, a table; of a selection, or of the difference of two
//	/flame.svg         the picture alone; script=1 adds zoom and search
//	/graph.svg         the call graph, where Graphviz is installed
//	/compare           the form for a comparison
//	/pprof/<key>/...   pprof's own pages of a selection
//
// A selection is [id=] or [event=&file=], or a search like those of /api/1:
// [service=][&type=][&event=][&labels=][&match=][&from=][&to=][&limit=]. With base_ before
// each name it is the base of a comparison. Times may be relative: from=-24h. What its
// profiles are together is what /api/1/merge answers, with the same value=, over=,
// instances= and normalize=.
//
// # What it promises
//
//   - Pages work without scripts. Scripts add zoom and search.
//   - Nothing is loaded from elsewhere, and the text of a sender is only text.
//   - Pages change nothing. The profiles of pprof's pages are kept in memory,
//     bounded in number and time.
//   - A stored profile cannot make this process read a file: pprof's pages that
//     read source and binaries are removed, as are those that write settings.
//
// # Caveats
//
//   - There is no authentication here: package api has it for all routes.
//   - pprof's own pages run their scripts in a sandbox of an origin of their own.
//     They read the list of saved settings of the user that the collector runs
//     as, if there is one.
//
// # For developers
//
// A request's way is pages.go (routes, headers), selection.go (parameters), load.go
// (profiles), one file for each page, render.go and html/. The profiles of pprof's
// pages are prepared in driver.go and kept in sessions.go.
package pages
