package values

import (
	"bytes"
	"fmt"
	"math"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// A Page has the values of one answer of /metrics that signals are made of, by name.
type Page map[string]float64

// The metrics that are read. None of them has labels.
const (
	cpuSeconds   = "process_cpu_seconds_total"
	startTime    = "process_start_time_seconds"
	residentSize = "process_resident_memory_bytes"
	maxProcs     = "go_sched_gomaxprocs_threads"
	heapLive     = "go_gc_heap_live_bytes"
	heapAlloc    = "go_memstats_heap_alloc_bytes"
	memoryLimit  = "go_gc_gomemlimit_bytes"
	goroutines   = "go_goroutines"
	threads      = "go_threads"
	gcSeconds    = "go_cpu_classes_gc_total_cpu_seconds_total"
	idleSeconds  = "go_cpu_classes_idle_cpu_seconds_total"
	allSeconds   = "go_cpu_classes_total_cpu_seconds_total"
)

// wanted reports whether a metric is read.
func wanted(name []byte) bool {
	switch string(name) {
	case cpuSeconds, startTime, residentSize, maxProcs, heapLive, heapAlloc, memoryLimit, goroutines, threads,
		gcSeconds, idleSeconds, allSeconds:
		return true
	}
	return false
}

// Parse reads a page in the text format. Only lines of wanted metrics reach the parser,
// so that a large page costs little, and what else is on it does no harm.
func Parse(raw []byte) (Page, error) {
	var lines bytes.Buffer
	for line := range bytes.Lines(raw) {
		if name, rest := split(line); wanted(name) {
			lines.Write(name)
			lines.WriteByte(' ')
			lines.Write(bytes.TrimRight(rest, "\r\n"))
			lines.WriteByte('\n')
		}
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&lines)
	if err != nil {
		return nil, fmt.Errorf("its metrics cannot be read: %w", err)
	}
	p := Page{}
	for name, f := range families {
		if len(f.GetMetric()) != 1 {
			continue // given twice: neither is believed
		}
		v := f.GetMetric()[0].GetUntyped().GetValue()
		if !math.IsNaN(v) && !math.IsInf(v, 0) && v >= 0 {
			p[name] = v
		}
	}
	return p, nil
}

// split returns the name of a metric without labels, and what follows. Empty braces are
// no labels.
func split(line []byte) (name, rest []byte) {
	end := bytes.IndexAny(line, " \t{")
	if end <= 0 {
		return nil, nil
	}
	name, rest = line[:end], line[end:]
	if rest[0] == '{' {
		var ok bool
		if rest, ok = bytes.CutPrefix(rest, []byte("{}")); !ok {
			return nil, nil
		}
	}
	return name, bytes.TrimLeft(rest, " \t")
}
