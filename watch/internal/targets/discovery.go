package targets

// The mechanisms of discovery. Each registers itself for the key of its name, such as
// kubernetes_sd_configs, when it is imported; static_configs needs none.
import (
	_ "github.com/prometheus/prometheus/discovery/consul" // each registers itself
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
	_ "github.com/prometheus/prometheus/discovery/kubernetes"
)
