package targets_test

import (
	"net/url"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/targets"
)

// job returns a job with further lines.
func job(t *testing.T, name, more string) *config.Job {
	t.Helper()
	c, err := config.Parse([]byte("scrape_configs:\n- job_name: " + name + "\n  static_configs: [{targets: [h:1]}]\n" + more))
	require.NoError(t, err)
	return c.Jobs[0]
}

func build(t *testing.T, j *config.Job, found model.LabelSet) *targets.Target {
	t.Helper()
	out, err := targets.Build(j, nil, found)
	require.NoError(t, err)
	return out
}

func TestBuild(t *testing.T) {
	j := job(t, "a", "  params: {debug: ['1']}\n  relabel_configs:\n"+
		"  - {source_labels: [__meta_app], target_label: service}\n"+
		"  - {source_labels: [drop], regex: 'yes', action: drop}\n")
	x := build(t, j, model.LabelSet{"__address__": "10.0.0.1:6060", "__meta_app": "shop", "version": "v1"})
	require.Equal(t, "http://10.0.0.1:6060/metrics?debug=1", x.Metrics)
	require.Equal(t, "http://10.0.0.1:6060/debug/pprof/profile?seconds=5", x.Profile("profile", url.Values{"seconds": {"5"}}))
	require.Equal(t, map[string]string{"job": "a", "service": "shop", "version": "v1", "instance": "10.0.0.1:6060"}, x.Labels)
	require.Equal(t, "shop", x.Service())
	require.Nil(t, build(t, j, model.LabelSet{"__address__": "10.0.0.1:6060", "drop": "yes"}))
	require.Nil(t, build(t, j, model.LabelSet{"no": "address"}))
	x = build(t, job(t, "b", "  scheme: https\n"), model.LabelSet{"__address__": "::1"})
	require.Equal(t, "https://[::1]:443/metrics", x.Metrics)
	require.Equal(t, "b", x.Service(), "the job's name")
}

// Labels may be written by others. They never make another host, or another part of a URL.
func TestHostileLabels(t *testing.T) {
	j := job(t, "a", "  annotations: true\n")
	good := model.LabelSet{"__address__": "10.0.0.1:8080", "__meta_kubernetes_pod_annotation_holmes_dev_profile": "true"}
	require.NotNil(t, build(t, j, good))
	for name, values := range map[model.LabelName][]model.LabelValue{
		"__meta_kubernetes_pod_annotation_holmes_dev_port": {"80@evil", "evil:80", "0", "70000", "80/x", "-1", "80#", "evil"},
		"__meta_kubernetes_pod_annotation_holmes_dev_path": {"//evil/x", "@evil", "http://evil", "/x?y", "/x#y", "\\\\evil"},
		"__address__":      {"", "evil/path:80", "user@evil:80", "a b:80", "10.0.0.1:80?x", "10.0.0.1:80#", "[::1%25eth0]:80", "http://evil:80"},
		"__scheme__":       {"file", "gopher", "httpx"},
		"__metrics_path__": {"//evil/", "metrics", "/m?x=1", "/a\r\nHost: evil"},
	} {
		for _, value := range values {
			x, err := targets.Build(j, nil, good.Merge(model.LabelSet{name: value}))
			require.Error(t, err, "%s=%q made %+v", name, value, x)
		}
	}
}

func TestAnnotations(t *testing.T) {
	const prefix = "__meta_kubernetes_pod_annotation_"
	j := job(t, "a", "  annotations: true\n")
	for _, c := range []struct {
		labels model.LabelSet
		want   string // URL of a profile, "" if the pod is not watched
	}{
		{model.LabelSet{}, ""},
		{model.LabelSet{prefix + "holmes_dev_profile": "false"}, ""},
		{model.LabelSet{prefix + "holmes_dev_profile": "true"}, "http://10.0.0.1:8080/debug/pprof/heap"},
		{model.LabelSet{prefix + "holmes_dev_profile": "true", prefix + "holmes_dev_port": "6060", prefix + "holmes_dev_path": "/p"}, "http://10.0.0.1:6060/p/heap"},
		{model.LabelSet{prefix + "profefe_com_enable": "true", prefix + "profefe_com_port": "7070"}, "http://10.0.0.1:7070/debug/pprof/heap"},
		{model.LabelSet{prefix + "profiles_grafana_com_cpu_scrape": "true", prefix + "profiles_grafana_com_cpu_port": "9090"}, "http://10.0.0.1:9090/debug/pprof/heap"},
		{model.LabelSet{prefix + "holmes_dev_profile": "true", prefix + "holmes_dev_inside": "true"}, ""},
	} {
		x := build(t, j, c.labels.Merge(model.LabelSet{"__address__": "10.0.0.1:8080"}))
		if c.want == "" {
			require.Nil(t, x, c.labels)
			continue
		}
		require.Equal(t, c.want, x.Profile("heap", nil))
	}
	x := build(t, job(t, "b", ""), model.LabelSet{"__address__": "10.0.0.1:1", prefix + "holmes_dev_inside": "true"})
	require.Nil(t, x, "also where no annotation is needed")
}

func TestUnique(t *testing.T) {
	pod := func(address, container string) *targets.Target {
		return build(t, job(t, "a", ""), model.LabelSet{
			"__address__": model.LabelValue(address), "__meta_kubernetes_pod_uid": "u", "__meta_kubernetes_pod_container_name": model.LabelValue(container),
		})
	}
	other := build(t, job(t, "b", ""), model.LabelSet{"__address__": "10.0.0.1:6060"})
	out := targets.Unique([]*targets.Target{other, pod("10.0.0.1:8080", "web"), pod("10.0.0.1:6060", "web"), pod("10.0.0.1:9090", "proxy")})
	require.Len(t, out, 2)
	require.Equal(t, "10.0.0.1:6060", out[0].Address)
	require.Equal(t, "a", out[0].Job.Name)
	require.Equal(t, "10.0.0.1:9090", out[1].Address)
	require.True(t, out[0].Same(out[0]))
	require.False(t, out[0].Same(other))
}
