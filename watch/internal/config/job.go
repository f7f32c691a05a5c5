package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"github.com/prometheus/prometheus/model/relabel"
)

// A Job is an entry of scrape_configs: how targets are found, and how they are read.
// The keys of Prometheus mean what they mean there.
type Job struct {
	Name           string            `yaml:"job_name"`
	ScrapeInterval model.Duration    `yaml:"scrape_interval"`
	ScrapeTimeout  model.Duration    `yaml:"scrape_timeout"`
	MetricsPath    string            `yaml:"metrics_path"`
	Scheme         string            `yaml:"scheme"`
	Params         url.Values        `yaml:"params"`
	Relabel        []*relabel.Config `yaml:"relabel_configs"`

	// PprofPath is where net/http/pprof is served.
	PprofPath string `yaml:"pprof_path"`
	// Annotations says that only targets which ask for it by an annotation are watched.
	Annotations bool `yaml:"annotations"`
	// Own lists modules whose code is the application's own.
	Own []string `yaml:"own_modules"`
	// Cores and MemoryBytes are the limits of a target that does not say them itself.
	Cores       float64 `yaml:"cores"`
	MemoryBytes int64   `yaml:"memory_bytes"`
	Rules       Rules   `yaml:"rules"`

	Discovery discovery.Configs           `yaml:"-"`
	Client    promconfig.HTTPClientConfig `yaml:",inline"`
}

// UnmarshalYAML reads a job with the mechanisms of discovery beside its own keys.
func (j *Job) UnmarshalYAML(unmarshal func(any) error) error {
	*j = Job{
		MetricsPath: "/metrics", Scheme: "http", PprofPath: "/debug/pprof",
		Client: promconfig.DefaultHTTPClientConfig,
	}
	return discovery.UnmarshalYAMLWithInlineConfigs(j, unmarshal)
}

func (j *Job) complete(c *Config) error {
	j.ScrapeInterval = cmp.Or(j.ScrapeInterval, c.Global.ScrapeInterval)
	j.ScrapeTimeout = cmp.Or(j.ScrapeTimeout, c.Global.ScrapeTimeout, min(j.ScrapeInterval, model.Duration(10*time.Second)))
	j.Rules = j.Rules.over(c.Rules)
	wrong := []error{j.Client.Validate(), j.Rules.check()}
	for _, r := range j.Relabel {
		if r == nil {
			wrong = append(wrong, errors.New("relabel_configs has an empty entry"))
			continue
		}
		wrong = append(wrong, r.Validate(model.UTF8Validation))
	}
	for _, check := range []struct {
		wrong bool
		say   string
	}{
		{j.Name == "", "job_name is missing"},
		{j.ScrapeInterval < model.Duration(time.Second), "scrape_interval must be at least 1s"},
		{j.ScrapeTimeout <= 0 || j.ScrapeTimeout > j.ScrapeInterval, "scrape_timeout must be at most scrape_interval"},
		{j.Scheme != "http" && j.Scheme != "https", fmt.Sprintf("scheme %q must be http or https", j.Scheme)},
		{!strings.HasPrefix(j.MetricsPath, "/"), "metrics_path must begin with /"},
		{!strings.HasPrefix(j.PprofPath, "/"), "pprof_path must begin with /"},
		{j.Cores < 0 || j.MemoryBytes < 0, "cores and memory_bytes must not be negative"},
		{len(j.Discovery) == 0, "no target: static_configs, or another mechanism of discovery, is missing"},
	} {
		if check.wrong {
			wrong = append(wrong, errors.New(check.say))
		}
	}
	return errors.Join(wrong...)
}
