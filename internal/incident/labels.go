package incident

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-holmes/holmes/internal/supervise"
)

// DefaultLabels returns the labels of the process, from an allow-list: no other part
// of the environment or the command line leaves the process. Names with a dot are
// attributes of OTEL_RESOURCE_ATTRIBUTES.
//
//	service    OTEL_SERVICE_NAME, service.name, the binary's name
//	instance   service.instance.id, POD_NAME, k8s.pod.name, the host name
//	version    service.version, the main module's version
//	revision   the version control revision it was built from
//	namespace  POD_NAMESPACE, k8s.namespace.name
//	node       NODE_NAME, k8s.node.name
//
// service.namespace, deployment.environment.name (or deployment.environment, as it was
// called before) and k8s.* are labels under their own names, unless one of those has
// their value. The error is why the variable is ignored.
func DefaultLabels() (map[string]string, error) {
	attributes, err := ParseAttributes(os.Getenv("OTEL_RESOURCE_ATTRIBUTES"))
	if err != nil {
		err = fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES is ignored: %w", err)
	}
	labels := map[string]string{
		"service":   cmp.Or(os.Getenv("OTEL_SERVICE_NAME"), attributes["service.name"], binaryName()),
		"instance":  cmp.Or(attributes["service.instance.id"], os.Getenv("POD_NAME"), attributes["k8s.pod.name"], hostname()),
		"namespace": cmp.Or(os.Getenv("POD_NAMESPACE"), attributes["k8s.namespace.name"]),
		"node":      cmp.Or(os.Getenv("NODE_NAME"), attributes["k8s.node.name"]),
	}
	addAttributes(labels, attributes)
	if info, ok := debug.ReadBuildInfo(); ok {
		labels["version"] = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				labels["revision"] = s.Value
			}
		}
	}
	labels["version"] = cmp.Or(attributes["service.version"], labels["version"])
	maps.DeleteFunc(labels, func(_, v string) bool { return v == "" })
	return labels, err
}

// addAttributes adds the attributes that are labels under their own names.
func addAttributes(labels, attributes map[string]string) {
	const environment, environmentName = "deployment.environment", "deployment.environment.name"
	for k, v := range attributes {
		switch {
		case k == "k8s.pod.name" && v == labels["instance"], k == "k8s.namespace.name" && v == labels["namespace"], k == "k8s.node.name" && v == labels["node"]:
		case k == environment && attributes[environmentName] == "":
			labels[environmentName] = v
		case k == environmentName, k == "service.namespace", strings.HasPrefix(k, "k8s."):
			labels[k] = v
		}
	}
}

// ParseAttributes reads attributes as OTEL_RESOURCE_ATTRIBUTES has them: "k=v,k=v",
// where ',' and '=' are percent-encoded and any other character may be. Of a text with
// an error in it nothing is taken, as OpenTelemetry's specification has it.
func ParseAttributes(text string) (map[string]string, error) {
	out := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no key=value", pair)
		}
		k, errKey := url.PathUnescape(strings.TrimSpace(k))
		v, errValue := url.PathUnescape(strings.TrimSpace(v))
		if errKey != nil || errValue != nil || k == "" || !utf8.ValidString(k+v) {
			return nil, fmt.Errorf("%q is no key=value with %%-encoded UTF-8", pair)
		}
		out[k] = v
	}
	return out, nil
}

// maxLabels is how many labels an event has at most, and maxLabel how many bytes a name or
// a value: labels are in memory, in each event.json and in each request.
const maxLabels, maxLabel = 64, 1 << 10

// LabelsCut is what the log says when labels are cut.
const LabelsCut = "labels are cut: an event has at most 64 of 1 KiB each"

// Bound cuts labels, and reports whether it had to. Of too many it keeps the service, the
// instance and the version, and then those whose names are first.
func Bound(labels map[string]string) (cut bool) {
	for k, v := range labels {
		if len(k) > maxLabel || len(v) > maxLabel {
			cut = true
			delete(labels, k)
			labels[shorten(k)] = shorten(v)
		}
	}
	names := slices.Sorted(maps.Keys(labels))
	for i := len(names) - 1; i >= 0 && len(labels) > maxLabels; i-- {
		if k := names[i]; k != "service" && k != "instance" && k != "version" {
			cut = true
			delete(labels, k)
		}
	}
	return cut
}

// shorten cuts a text between two characters.
func shorten(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxLabel)], "")
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
			l.log.Begin("labels", "WithLabelFunc has failed, events go without its labels: %v", err)
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
