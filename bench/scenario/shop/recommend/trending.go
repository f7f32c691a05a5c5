package recommend

import (
	"net/http"
	"strconv"

	"github.com/go-holmes/holmes/bench/scenario/shop/collate"
)

// Trending answers how many products have been looked at lately.
func Trending(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("n"))
	views := make([]view, n)
	for i := range views {
		views[i] = view{product: i, query: "red stapler"}
	}
	distinct := collate.Unique(views, func(a, b view) bool { return a.product == b.product && a.query == b.query })
	_, _ = w.Write(strconv.AppendInt(nil, int64(len(distinct)), 10)) // the visitor has gone
}
