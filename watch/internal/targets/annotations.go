package targets

import (
	"net"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// A vocabulary is the annotations of one project that ask for profiles of a pod, as
// discovery writes them into labels. An empty name is a setting that it does not have.
type vocabulary struct {
	ask, port, path string
}

const podAnnotation = "__meta_kubernetes_pod_annotation_"

// vocabularies returns those that are understood. The first that asks counts.
func vocabularies() []vocabulary {
	return []vocabulary{
		{"holmes_dev_profile", "holmes_dev_port", "holmes_dev_path"},
		{"profefe_com_enable", "profefe_com_port", ""},
		{"profiles_grafana_com_cpu_scrape", "profiles_grafana_com_cpu_port", ""},
		{"profiles_grafana_com_memory_scrape", "profiles_grafana_com_memory_port", ""},
		{"profiles_grafana_com_goroutine_scrape", "profiles_grafana_com_goroutine_port", ""},
	}
}

// annotated applies the annotations of a pod, and reports whether one asks for
// profiles. An annotation sets the port and the path, and never the host: that is the
// one that discovery has found.
func annotated(b *labels.Builder) bool {
	for _, v := range vocabularies() {
		if b.Get(podAnnotation+v.ask) != "true" {
			continue
		}
		if port := b.Get(podAnnotation + v.port); port != "" {
			host, _, err := net.SplitHostPort(b.Get(model.AddressLabel))
			if err != nil {
				host = b.Get(model.AddressLabel)
			}
			b.Set(model.AddressLabel, net.JoinHostPort(host, port))
		}
		if v.path != "" {
			if path := b.Get(podAnnotation + v.path); path != "" {
				b.Set(pprofPathLabel, path)
			}
		}
		return true
	}
	return false
}
