package api

import (
	"net/http"
	"net/http/pprof"
	"strings"
)

// debugRoutes are the profiles of the collector itself.
func debugRoutes() []route {
	plain := func(serve http.HandlerFunc) func(http.ResponseWriter, *http.Request) error {
		return func(w http.ResponseWriter, r *http.Request) error {
			serve(w, r)
			return nil
		}
	}
	return []route{
		{debugRoute, toRead, 0, plain(debugIndex)},
		{debugRoute + "/profile", toRead, 0, plain(pprof.Profile)},
		{debugRoute + "/trace", toRead, 0, plain(pprof.Trace)},
		{debugRoute + "/{profile}", toRead, 0, plain(pprof.Index)},
	}
}

// debugIndex lists the profiles. The links in it are relative to its directory.
func debugIndex(w http.ResponseWriter, r *http.Request) {
	if path, _, _ := strings.Cut(r.RequestURI, "?"); !strings.HasSuffix(path, "/") {
		http.Redirect(w, r, "pprof/", http.StatusSeeOther)
		return
	}
	pprof.Index(w, r)
}
