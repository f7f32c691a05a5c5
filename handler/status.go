package handler

import (
	"math"
	"net/http"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/go-holmes/holmes"
)

func (s *server) serveStatus(w http.ResponseWriter, _ *http.Request) {
	out := object(reflect.ValueOf(s.holmes.Stats()))
	out["version"] = holmes.Version
	answer(w, out)
}

// object returns the exported fields of a struct by their names in JSON.
func object(v reflect.Value) map[string]any {
	out := map[string]any{}
	for field, value := range v.Fields() {
		if !field.IsExported() {
			continue
		}
		name := snake(field.Name)
		if value.Type() == reflect.TypeFor[time.Duration]() {
			name += "_seconds"
		}
		out[name] = plain(value)
	}
	return out
}

// plain returns a value in a form that JSON can hold.
func plain(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case error:
		return value.Error()
	case time.Duration:
		return value.Seconds()
	case time.Time:
		if value.IsZero() {
			return nil
		}
		return value
	}
	switch v.Kind() {
	case reflect.Struct:
		return object(v)
	case reflect.Slice:
		all := make([]any, v.Len())
		for i := range all {
			all[i] = plain(v.Index(i))
		}
		return all
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
	}
	return v.Interface()
}

// snake returns the name of a field as it is in JSON: last_err for LastErr, capture_cpu
// for CaptureCPU, forced_gc for ForcedGC.
func snake(name string) string {
	var out strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		begins := i > 0 && unicode.IsUpper(r) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			out.WriteByte('_')
		}
		out.WriteRune(unicode.ToLower(r))
	}
	return out.String()
}
