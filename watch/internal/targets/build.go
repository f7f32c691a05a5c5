package targets

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// pprofPathLabel is the label that relabeling may set to where net/http/pprof is.
const pprofPathLabel = "__pprof_path__"

// Labels of pods.
const (
	podUID       = "__meta_kubernetes_pod_uid"
	podContainer = "__meta_kubernetes_pod_container_name"
)

// built returns the targets of one group, and an error for those that cannot be used.
func built(j *config.Job, g *targetgroup.Group) (out []*Target, wrong []error) {
	for _, own := range g.Targets {
		t, err := build(j, g.Labels, own)
		switch {
		case err != nil:
			wrong = append(wrong, err)
		case t != nil:
			out = append(out, t)
		}
	}
	return out, wrong
}

// build returns the target of a discovered set of labels, and nil if it is dropped.
func build(j *config.Job, group, own model.LabelSet) (*Target, error) {
	found := group.Merge(own)
	if _, ok := found[model.AddressLabel]; !ok {
		return nil, nil
	}
	b := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range found {
		b.Set(string(name), string(value))
	}
	for name, value := range map[string]string{
		labelJob: j.Name, model.SchemeLabel: j.Scheme, model.MetricsPathLabel: j.MetricsPath, pprofPathLabel: j.PprofPath,
	} {
		if b.Get(name) == "" {
			b.Set(name, value)
		}
	}
	if b.Get(podAnnotation+"holmes_dev_inside") == "true" || j.Annotations && !annotated(b) {
		return nil, nil // the first has the library, which sees more than can be seen from here
	}
	if !relabel.ProcessBuilder(b, j.Relabel...) {
		return nil, nil
	}
	return finish(j, b, found)
}

// finish checks what relabeling has made of the labels: they may come from another
// tenant's pod, so each is taken for what it is and no more.
func finish(j *config.Job, b *labels.Builder, found model.LabelSet) (*Target, error) {
	t := &Target{Job: j, Labels: map[string]string{}, scheme: b.Get(model.SchemeLabel), pprof: b.Get(pprofPathLabel)}
	var err error
	if t.Address, err = address(b.Get(model.AddressLabel), t.scheme); err != nil {
		return nil, fmt.Errorf("job %q: %w", j.Name, err)
	}
	metrics := b.Get(model.MetricsPathLabel)
	for _, p := range []string{metrics, t.pprof} {
		if err := checkPath(p); err != nil {
			return nil, fmt.Errorf("job %q: target %s: %w", j.Name, t.Address, err)
		}
	}
	u := url.URL{Scheme: t.scheme, Host: t.Address, Path: metrics, RawQuery: j.Params.Encode()}
	t.Metrics = u.String()
	if uid := found[podUID]; uid != "" && found[podContainer] != "" {
		t.container = string(uid + "/" + found[podContainer])
	}
	b.Labels().Range(func(l labels.Label) {
		if !strings.HasPrefix(l.Name, "__") {
			t.Labels[l.Name] = l.Value
		}
	})
	for name, value := range map[string]string{labelService: j.Name, labelInstance: t.Address} {
		if t.Labels[name] == "" {
			t.Labels[name] = value
		}
	}
	return t, nil
}

// address returns a host and port, with the port of the scheme if there is none. It
// refuses all that would make another part of a URL.
func address(text, scheme string) (string, error) {
	ports := map[string]string{"http": "80", "https": "443"}
	if ports[scheme] == "" {
		return "", fmt.Errorf("target %q: scheme %q must be http or https", text, scheme)
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		host, port = strings.Trim(text, "[]"), ports[scheme]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("target %q has no valid port", text)
	}
	_, notIP := netip.ParseAddr(host)
	if host == "" || strings.Contains(host, ":") && notIP != nil || strings.ContainsAny(host, "/@?#\\%[] \t\r\n") {
		return "", fmt.Errorf("target %q is no host and port", text)
	}
	return net.JoinHostPort(host, port), nil
}

func checkPath(p string) error {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "?#\\\r\n") {
		return fmt.Errorf("%q is no path", p)
	}
	return nil
}
