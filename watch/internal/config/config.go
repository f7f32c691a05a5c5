package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v2"
)

// A Config is the configuration file. [Load] makes one with all defaults applied.
type Config struct {
	// Listen is the address of the page of targets, /metrics and /healthz.
	Listen string `yaml:"listen"`
	// Data is the directory of events. They wait there until they are delivered.
	Data string `yaml:"data"`

	Collector *Receiver  `yaml:"collector"` // nil for none
	Reporters []Receiver `yaml:"reporters"`

	Global   Global   `yaml:"global"`
	Rules    Rules    `yaml:"rules"` // for every job
	Capture  Capture  `yaml:"capture"`
	Limits   Limits   `yaml:"limits"`
	Networks Networks `yaml:"networks"`

	Jobs []*Job `yaml:"scrape_configs"`
}

// Global has the defaults of the jobs.
type Global struct {
	ScrapeInterval model.Duration `yaml:"scrape_interval"`
	ScrapeTimeout  model.Duration `yaml:"scrape_timeout"` // 0 is the interval, at most 10 s
}

// Capture says how profiles are taken.
type Capture struct {
	// Seconds is the duration of CPU, mutex and block profiles.
	Seconds model.Duration `yaml:"seconds"`
	// ProfileBytes is the maximum size of a profile as it is sent, and MemoryBytes of
	// the memory that it takes to read one.
	ProfileBytes int64 `yaml:"profile_bytes"`
	MemoryBytes  int64 `yaml:"memory_bytes"`
	// BaselineEvery is the time between two profiles of calm times of a service.
	BaselineEvery model.Duration `yaml:"baseline_every"`
	// Grace is for how long a process that has just been started is not compared with
	// its own mean. It counts from the start of the process.
	Grace model.Duration `yaml:"grace"`
}

// Limits says how many events may be captured.
type Limits struct {
	TargetHour  int `yaml:"target_per_hour"`
	ServiceHour int `yaml:"service_per_hour"`
	FleetHour   int `yaml:"fleet_per_hour"`
	// ServiceAtOnce is how many targets of one service are captured at the same time.
	ServiceAtOnce int `yaml:"service_at_once"`
	// Gather is how long a confirmed event waits for the verdicts of other suspected
	// targets of its service, if not all of them can be captured.
	Gather model.Duration `yaml:"gather"`
	// TargetGap is the least time between two events of one target.
	TargetGap model.Duration `yaml:"target_gap"`
}

// defaults returns the configuration of an empty file.
func defaults() Config {
	return Config{
		Listen: "127.0.0.1:10200",
		Data:   filepath.Join(os.TempDir(), "holmes-watch"),
		Global: Global{ScrapeInterval: model.Duration(5 * time.Second)},
		Capture: Capture{
			Seconds: model.Duration(10 * time.Second), ProfileBytes: 16 << 20, MemoryBytes: 64 << 20,
			BaselineEvery: model.Duration(10 * time.Minute), Grace: model.Duration(3 * time.Minute),
		},
		Limits: Limits{
			TargetHour: 6, ServiceHour: 12, FleetHour: 60, ServiceAtOnce: 2,
			Gather: model.Duration(10 * time.Second), TargetGap: model.Duration(time.Minute),
		},
	}
}

// maxFile is the maximum size of a configuration file.
const maxFile = 16 << 20

// Load reads a configuration file. Paths in it are relative to its directory.
func Load(file string) (*Config, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", file, maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("holmes-watch: configuration: %w", err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("holmes-watch: configuration: %w", err)
	}
	c, err := Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("holmes-watch: %s: %w", file, err)
	}
	c.setDirectory(filepath.Dir(file))
	return c, nil
}

// Parse reads a configuration and applies the defaults.
func Parse(raw []byte) (*Config, error) {
	c := defaults()
	if err := yaml.UnmarshalStrict(raw, &c); err != nil {
		return nil, readable(err)
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	return &c, nil
}

// unknownKey is the words of the YAML library for a key that no field has.
var unknownKey = regexp.MustCompile(`field (\S+) not found in type .*`)

// readable rewrites what names types of this program.
func readable(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return err
	}
	var all []error
	for _, line := range wrong.Errors {
		all = append(all, errors.New(unknownKey.ReplaceAllString(line, "key $1 is not known")))
	}
	return errors.Join(all...)
}

// complete checks the configuration and applies the defaults of the jobs.
func (c *Config) complete() error {
	var wrong []error
	wrong = append(wrong, c.Capture.check(), c.Limits.check(), c.Networks.check(), c.Rules.check())
	for i := range c.Reporters {
		wrong = append(wrong, c.Reporters[i].check())
	}
	if len(c.Jobs) == 0 {
		wrong = append(wrong, errors.New("scrape_configs has no job"))
	}
	names := map[string]bool{}
	for i, j := range c.Jobs {
		if j == nil {
			wrong = append(wrong, fmt.Errorf("job %d of scrape_configs is empty", i+1))
			continue
		}
		if names[j.Name] {
			wrong = append(wrong, fmt.Errorf("job %q: there are two of that name", j.Name))
		}
		names[j.Name] = true
		if err := j.complete(c); err != nil {
			wrong = append(wrong, fmt.Errorf("job %q: %w", j.Name, err))
		}
	}
	return errors.Join(wrong...)
}

func (c *Capture) check() error {
	return above(map[string]int64{
		"capture: seconds": int64(c.Seconds) / int64(time.Second), "capture: profile_bytes": c.ProfileBytes,
		"capture: memory_bytes": c.MemoryBytes, "capture: baseline_every": int64(c.BaselineEvery),
	})
}

func (l *Limits) check() error {
	return above(map[string]int64{
		"limits: target_per_hour": int64(l.TargetHour), "limits: service_per_hour": int64(l.ServiceHour),
		"limits: fleet_per_hour": int64(l.FleetHour), "limits: service_at_once": int64(l.ServiceAtOnce),
		"limits: gather": int64(l.Gather), "limits: target_gap": int64(l.TargetGap),
	})
}

// above returns an error that names every setting that is not positive.
func above(settings map[string]int64) error {
	var wrong []error
	for name, v := range settings {
		if v <= 0 {
			wrong = append(wrong, fmt.Errorf("%s must be at least 1", name))
		}
	}
	return errors.Join(wrong...)
}

func (c *Config) setDirectory(dir string) {
	for _, j := range c.Jobs {
		j.Client.SetDirectory(dir)
		j.Discovery.SetDirectory(dir)
	}
	if c.Collector != nil {
		c.Collector.setDirectory(dir)
	}
	for i := range c.Reporters {
		c.Reporters[i].setDirectory(dir)
	}
}
