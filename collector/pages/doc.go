// Package pages is what people look at in a browser: services, events as they
// came, one event with all that is known about it, flame graphs, tables, the
// difference of two sets of profiles, and pprof's own pages.
//
//	pages, err := pages.New(pages.Config{Store: store})
//	handler, err := api.New(api.Config{Store: store, Pages: pages, ...})
//
// # The pages
//
//	/                  services, and the latest events
//	/events            events, the newest first [?service=][&signal=][&state=][&reason=][&culprit=][&labels=][&from=][&to=]
//	/events/<id>       one event
//	/profiles          profiles, the newest first; a selection, as below
//	/flame, /top       a flame graph, a table; of a selection, or of the difference of two
//	/flame.svg         the picture by itself; script=1 puts zoom and search into it
//	/graph.svg         the call graph, where Graphviz is installed
//	/compare           picks what to compare
//	/pprof/<key>/...   pprof's own pages of a selection
//
// A selection is [id=] or [event=&file=], or a search like those of /api/1:
// [service=][&type=][&event=][&labels=][&from=][&to=][&limit=]. With base. before
// each name it is what is compared with. Times may be relative: from=-24h.
//
// # What it promises
//
//   - Pages are whole without a script. With ours they zoom and search.
//   - Nothing is loaded from elsewhere, and nothing that a sender wrote is
//     anything but text.
//   - Nothing changes by looking at it. What is kept meanwhile, the profiles of
//     pprof's pages, is bounded and forgotten after a while.
//   - A stored profile cannot make this process read a file: of pprof's pages
//     those that read source and binaries are gone, and so are those that write
//     settings.
//
// # Caveats
//
//   - There is no authentication here: package api has it, for all that it
//     serves.
//   - pprof's own pages run their scripts in a sandbox of an origin of their own.
//     They read the list of saved settings of the user that the collector runs
//     as, if there is one.
//
// # For developers
//
// A request's way is pages.go (routes, headers), selection.go (what is asked),
// load.go (profiles), one file for each page, render.go and html/. What pprof's
// pages are given is in driver.go, how long they are kept in sessions.go.
package pages
