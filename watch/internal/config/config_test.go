package config_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/detect"
	"github.com/prometheus/common/model"
	_ "github.com/prometheus/prometheus/discovery/file"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/config"
)

const smallest = `collector: http://127.0.0.1:10100
scrape_configs:
  - job_name: shop
    scrape_interval: 1s
    static_configs:
      - targets: ["127.0.0.1:6060"]
        labels: {service: shop}
`

// The smallest file has defaults for all the rest.
func TestSmallest(t *testing.T) {
	c, err := config.Parse([]byte(smallest))
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:10100", c.Collector.URL)
	require.Len(t, c.Jobs, 1)
	j := c.Jobs[0]
	require.Equal(t, "/metrics", j.MetricsPath)
	require.Equal(t, "/debug/pprof", j.PprofPath)
	require.Equal(t, model.Duration(time.Second), j.ScrapeTimeout, "at most the interval")
	require.Len(t, j.Discovery, 1)
	fast, slow, on := j.Rules.Of(detect.SignalMem)
	wantFast, wantSlow := holmes.DefaultRule(detect.SignalMem)
	require.True(t, on)
	require.Equal(t, wantFast, fast)
	require.Equal(t, wantSlow, slow)
}

func TestWrong(t *testing.T) {
	job := "scrape_configs:\n- job_name: a\n  static_configs: [{targets: [h:1]}]\n"
	for want, text := range map[string]string{
		"line 2: key colector is not known":           "listen: x\ncolector: http://h\n",
		"line 4: key honour_labels is not known":      job + "  honour_labels: true\n",
		"scrape_configs has no job":                   "listen: x\n",
		"there are two of that name":                  job + "- job_name: a\n  static_configs: [{targets: [h:1]}]\n",
		"job_name is missing":                         "scrape_configs:\n- static_configs: [{targets: [h:1]}]\n",
		"no target: static_configs":                   "scrape_configs:\n- job_name: a\n",
		"scrape_interval must be at least 1s":         job + "  scrape_interval: 10ms\n",
		"scrape_timeout must be at most":              job + "  scrape_timeout: 1m\n",
		`scheme "ftp" must be http or https`:          job + "  scheme: ftp\n",
		"pprof_path must begin with /":                job + "  pprof_path: debug\n",
		"at most one of basic_auth":                   job + "  bearer_token: x\n  basic_auth: {username: u}\n",
		"target_label":                                job + "  relabel_configs: [{action: replace}]\n",
		`there is no signal "fish"`:                   job + "rules: {fish: {abs: 1}}\n",
		"rules: cpu: ":                                job + "rules: {cpu: {abs: -1}}\n",
		"capture: seconds must be at least 1":         job + "capture: {seconds: 10ms}\n",
		"limits: fleet_per_hour must be at least 1":   job + "limits: {fleet_per_hour: 0}\n",
		"networks: allow: ":                           job + "networks: {allow: [10.0.0.0]}\n",
		"reporters: type is missing":                  job + "reporters: [http://h]\n",
		"reporters: slack: url is missing":            job + "reporters: [{type: slack}]\n",
		"line 4: key seconds is not known":            job + "limits: {seconds: 1}\n",
		"job 1 of scrape_configs is empty":            "scrape_configs: [null]\n",
		"empty or null section in static_configs":     "scrape_configs: [{job_name: a, static_configs: [null]}]\n",
		"relabel_configs has an empty entry":          job + "  relabel_configs: [null]\n",
		"cores and memory_bytes must not be negative": job + "  cores: -1\n",
	} {
		_, err := config.Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "config.", "no names of types")
	}
}

// The rule of 2018, above 80 % for two minutes, is one line.
func TestClassicRule(t *testing.T) {
	c, err := config.Parse([]byte(smallest + "rules: {cpu: {abs: 80, diff: 0, hold: 2m}, thread: {off: true}}\n"))
	require.NoError(t, err)
	fast, _, on := c.Jobs[0].Rules.Of(detect.SignalCPU)
	require.True(t, on)
	require.Equal(t, 80.0, fast.Abs)
	require.Zero(t, fast.Diff)
	require.Equal(t, 2*time.Minute, fast.Hold)
	require.Equal(t, 10.0, fast.Min, "as by default")
	_, _, on = c.Jobs[0].Rules.Of(detect.SignalThread)
	require.False(t, on)
}

// A job's rule of a signal replaces that of the file.
func TestRulesOfJob(t *testing.T) {
	c, err := config.Parse([]byte("rules: {cpu: {abs: 80}, mem: {abs: 70}}\n" + smallest + "    rules: {cpu: {abs: 60}}\n"))
	require.NoError(t, err)
	cpu, _, _ := c.Jobs[0].Rules.Of(detect.SignalCPU)
	mem, _, _ := c.Jobs[0].Rules.Of(detect.SignalMem)
	require.Equal(t, 60.0, cpu.Abs)
	require.Equal(t, 70.0, mem.Abs)
}

// Paths are relative to the file.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "watch.yml")
	_, err := config.Load(file)
	require.ErrorIs(t, err, os.ErrNotExist)
	text := "collector: {url: 'https://h', token_file: token}\nreporters: [{type: slack, url: 'https://s', ca_file: /ca}]\n" +
		"scrape_configs:\n- job_name: a\n  bearer_token_file: secret\n  file_sd_configs: [{files: [t.yml]}]\n"
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	c, err := config.Load(file)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "token"), c.Collector.TokenFile)
	require.Equal(t, "/ca", c.Reporters[0].CAFile)
	require.Equal(t, filepath.Join(dir, "secret"), c.Jobs[0].Client.Authorization.CredentialsFile)
	require.NoError(t, os.WriteFile(file, []byte("fish: 1\n"), 0o600))
	_, err = config.Load(file)
	require.ErrorContains(t, err, "watch.yml")
}

func TestNetworks(t *testing.T) {
	parse := func(more string) *config.Networks {
		c, err := config.Parse([]byte(smallest + more))
		require.NoError(t, err)
		return &c.Networks
	}
	everywhere, office := parse(""), parse("networks: {allow: [10.1.0.0/16, '::1/128']}\n")
	for addr, want := range map[string][2]bool{
		"10.1.2.3":               {true, true},
		"::ffff:10.1.2.3":        {true, true},
		"::1":                    {true, true},
		"127.0.0.1":              {true, false},
		"10.2.0.1":               {true, false},
		"169.254.169.254":        {false, false},
		"::ffff:169.254.169.254": {false, false},
		"fe80::1":                {false, false},
		"fd00:ec2::254":          {false, false},
		"0.0.0.0":                {false, false},
		"224.0.0.1":              {false, false},
	} {
		a := netip.MustParseAddr(addr)
		require.Equal(t, want[0], everywhere.Check(a) == nil, addr)
		require.Equal(t, want[1], office.Check(a) == nil, addr)
	}
}
