package incident

import (
	"cmp"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/go-holmes/holmes/internal/supervise"
)

// DefaultLabels returns the labels of the process, from an allow-list: no other part
// of the environment or the command line leaves the process.
//
//	service    OTEL_SERVICE_NAME, service.name of OTEL_RESOURCE_ATTRIBUTES,
//	           the binary's name
//	instance   POD_NAME, the host name
//	version    the main module's version
//	revision   the version control revision it was built from
//	namespace  POD_NAMESPACE
//	node       NODE_NAME
func DefaultLabels() map[string]string {
	labels := map[string]string{
		"service":   cmp.Or(os.Getenv("OTEL_SERVICE_NAME"), resourceAttribute("service.name"), binaryName()),
		"instance":  cmp.Or(os.Getenv("POD_NAME"), hostname()),
		"namespace": os.Getenv("POD_NAMESPACE"),
		"node":      os.Getenv("NODE_NAME"),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["version"] = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				labels["revision"] = s.Value
			}
		}
	}
	maps.DeleteFunc(labels, func(_, v string) bool { return v == "" })
	return labels
}

// resourceAttribute returns a value of OTEL_RESOURCE_ATTRIBUTES, which is "k=v,k=v"
// with percent-encoded values.
func resourceAttribute(key string) string {
	for pair := range strings.SplitSeq(os.Getenv("OTEL_RESOURCE_ATTRIBUTES"), ",") {
		k, v, _ := strings.Cut(pair, "=")
		if strings.TrimSpace(k) != key {
			continue
		}
		if plain, err := url.PathUnescape(strings.TrimSpace(v)); err == nil {
			return plain
		}
	}
	return ""
}

// binaryName returns the name that the process was started under, else that of its file:
// a program may run without arguments, even its name.
func binaryName() string {
	if len(os.Args) > 0 && os.Args[0] != "" {
		return filepath.Base(os.Args[0])
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Base(path)
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// Labels calls the user's function for labels.
type Labels struct {
	log     *supervise.Log
	breaker *supervise.Breaker
	slot    chan struct{} // holds one while the function is being called
}

// NewLabels returns a Labels that has called no function.
func NewLabels(c supervise.Clock, l *supervise.Log) *Labels {
	return &Labels{log: l, breaker: supervise.NewBreaker(c), slot: make(chan struct{}, 1)}
}

// Panics returns how often the function has panicked.
func (l *Labels) Panics() uint64 { return l.breaker.Panics() }

// labelTime is how long an event waits for the user's labels.
const labelTime = time.Second

// call calls the user's function in a goroutine and waits for labelTime. A function
// that hangs keeps one goroutine and is not called again.
func (l *Labels) call(f func() map[string]string) map[string]string {
	if f == nil {
		return nil
	}
	select {
	case l.slot <- struct{}{}:
	default:
		return nil
	}
	answer := make(chan map[string]string, 1)
	go func() {
		defer func() { <-l.slot }()
		var got map[string]string
		err := l.breaker.Call(func() error {
			got = maps.Clone(f()) // the user may change it later
			return nil
		})
		if err != nil {
			l.log.Begin("labels", "WithLabelFunc: %v", err)
		} else {
			l.log.End("labels", "WithLabelFunc returns labels again")
		}
		answer <- got
	}()
	timer := time.NewTimer(labelTime)
	defer timer.Stop()
	select {
	case got := <-answer:
		return got
	case <-timer.C:
		l.log.Begin("labels", "WithLabelFunc does not return: events go without its labels")
		return nil
	}
}
