package imports

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-holmes/holmes/bench/scenario/shop/collate"
)

// Codes answers how many codes of products several suppliers have together.
func Codes(w http.ResponseWriter, r *http.Request) {
	n, _ := strconv.Atoi(r.FormValue("n"))
	var all collate.Set[string]
	for supplier := range 3 {
		codes := make([]string, n)
		for i := range codes {
			codes[i] = fmt.Sprintf("40063813%05d", i+supplier*n/2)
		}
		all.Merge(codes)
	}
	_, _ = w.Write(strconv.AppendInt(nil, int64(all.Len()), 10)) // the visitor has gone
}
