package api

import (
	"net/http"

	"github.com/go-holmes/holmes/collector"
)

// labelNames lists the labels of the selected profiles.
func (rd *reader) labelNames(w http.ResponseWriter, r *http.Request) error {
	q, err := rd.profileQuery(r)
	if err != nil {
		return err
	}
	names, err := rd.store.LabelNames(r.Context(), q)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string][]string{"labels": append([]string{}, names...)})
	return nil
}

// labelValues lists the values of a label among the selected profiles.
func (rd *reader) labelValues(w http.ResponseWriter, r *http.Request) error {
	q, err := rd.profileQuery(r)
	if err != nil {
		return err
	}
	values, err := rd.store.LabelValues(r.Context(), r.PathValue("name"), q)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string][]string{"values": append([]string{}, values...)})
	return nil
}

// profileQuery reads a search for profiles.
func (rd *reader) profileQuery(r *http.Request) (collector.Query, error) {
	values := r.URL.Query()
	q := collector.Query{Service: values.Get("service"), Event: values.Get("event")}
	err := readQuery(&q, values, rd.now())
	return q, err
}
