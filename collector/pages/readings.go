package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/go-holmes/holmes/collector/flame"
)

// A readingView is one reading.
type readingView struct{ Name, Value string }

// mostReadings bounds the table: an event.json can hold anything.
const mostReadings = 200

// flatten makes a table of nested JSON, in its order: {"cgroup":{"usage_bytes":5}}
// becomes "cgroup usage" and "5 B".
func flatten(raw json.RawMessage) (out []readingView) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if len(raw) > 0 {
		_ = walk(d, "", &out) // malformed JSON ends the table
	}
	return out
}

var errEnough = fmt.Errorf("holmes: pages: more than %d readings", mostReadings)

func walk(d *json.Decoder, name string, out *[]readingView) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if len(*out) >= mostReadings {
		return errEnough
	}
	switch t := token.(type) {
	case json.Delim:
		return walkInside(d, t, name, out)
	case json.Number:
		*out = append(*out, readingView{label(name), measured(name, t)})
	case string:
		*out = append(*out, readingView{label(name), t})
	case bool:
		*out = append(*out, readingView{label(name), strconv.FormatBool(t)})
	}
	return nil
}

func walkInside(d *json.Decoder, open json.Delim, name string, out *[]readingView) error {
	for n := 1; d.More(); n++ {
		inner := name + " " + strconv.Itoa(n)
		if open == '{' {
			key, err := d.Token()
			if err != nil {
				return err
			}
			inner = fmt.Sprintf("%s %v", name, key)
		}
		if err := walk(d, strings.TrimSpace(inner), out); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// label is a name without its unit, which is shown with the value.
func label(name string) string {
	switch name {
	case "seconds":
		return "time"
	case "bytes":
		return "written"
	}
	for _, unit := range []string{"_bytes", "_seconds", "_percent"} {
		name = strings.TrimSuffix(name, unit)
	}
	return strings.ReplaceAll(name, "_", " ")
}

func measured(name string, n json.Number) string {
	v, err := n.Float64()
	if err != nil {
		return n.String()
	}
	switch {
	case strings.HasSuffix(name, "percent"):
		return strconv.FormatFloat(v, 'f', 1, 64) + " %"
	case strings.HasSuffix(name, "bytes_per_second"):
		return flame.Format(v, "bytes") + "/s"
	case unitOf(name) != "":
		return flame.Format(v, unitOf(name))
	case v == math.Trunc(v):
		return flame.Format(v, "count")
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// A spark is a sparkline of a reading.
type spark struct {
	Points   string
	Baseline string
	Width    int
	Height   int
	Min, Max string
	Readings int
}

const (
	sparkWidth  = 640
	sparkHeight = 80
	mostPoints  = 1000
)

// sparkOf draws the window before an event, or its latest readings.
func sparkOf(window []float64, baseline float64) *spark {
	window = window[max(len(window)-mostPoints, 0):]
	if len(window) < 2 {
		return nil
	}
	low, high := baseline, baseline
	for _, v := range window {
		low, high = min(low, v), max(high, v)
	}
	if math.IsInf(high-low, 0) || math.IsNaN(high-low) {
		return nil
	}
	if low > 0 && low < high/2 {
		low = 0
	}
	room := max(high-low, 1e-9)
	y := func(v float64) string {
		return strconv.FormatFloat(4+(1-(v-low)/room)*(sparkHeight-8), 'f', 1, 64)
	}
	var points []string
	for i, v := range window {
		x := float64(i) / float64(len(window)-1) * sparkWidth
		points = append(points, strconv.FormatFloat(x, 'f', 1, 64)+","+y(v))
	}
	return &spark{
		Points: strings.Join(points, " "), Baseline: y(baseline), Width: sparkWidth, Height: sparkHeight,
		Min: strconv.FormatFloat(low, 'g', 4, 64), Max: strconv.FormatFloat(high, 'g', 4, 64), Readings: len(window),
	}
}
