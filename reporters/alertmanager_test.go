package reporters_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// The JSON that Alertmanager sends to a webhook, and that of its API's alerts.
type (
	notification struct {
		Status string
		Alerts []realAlert
	}
	realAlert struct {
		Labels, Annotations map[string]string
		StartsAt            time.Time
		GeneratorURL        string
		Status              any
	}
)

// realAlertmanager starts the one of Debian, which sends its notifications to
// the channel.
func realAlertmanager(t *testing.T) (url string, notified <-chan notification) {
	t.Helper()
	needPrograms(t, "prometheus-alertmanager")
	to := make(chan notification, 100)
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var n notification
		if json.NewDecoder(r.Body).Decode(&n) == nil {
			to <- n
		}
	}))
	config := file(t, "alertmanager.yml", fmt.Sprintf(`
route:
  receiver: test
  group_by: [alertname, service]
  group_wait: 10ms
  group_interval: 100ms
receivers:
  - name: test
    webhook_configs:
      - url: %s
`, s.URL))
	url = daemon(t, "prometheus-alertmanager",
		"--config.file="+config, "--storage.path="+t.TempDir(), "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=")
	t.Cleanup(s.Close) // before the one that notifies ends
	return url, to
}

// alerts asks which alerts are active.
func alerts(t *testing.T, url string) []realAlert {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/api/v2/alerts?active=true", http.NoBody)
	require.NoError(t, err)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var out []realAlert
	require.NoError(t, json.Unmarshal(raw, &out), string(raw))
	slices.SortFunc(out, func(a, b realAlert) int { return strings.Compare(a.Annotations["event"], b.Annotations["event"]) })
	return out
}

func TestRealAlertmanager(t *testing.T) {
	url, notified := realAlertmanager(t)
	report := func(id string, signal holmes.Signal, began time.Time) {
		t.Helper()
		r, err := reporters.NewWebhook(url, reporters.Alertmanager(), reporters.WithLink("https://holmes.example.com/events/{{.ID}}"))
		require.NoError(t, err)
		e := wired(t)
		e.ID, e.At, e.Trigger.Sample.Signal = id, began, signal
		require.NoError(t, r.Report(context.Background(), e))
	}
	// Two hours is what waited in a spool; ten seconds ahead a clock that is.
	report("a-late", holmes.SignalCPU, time.Now().Add(-2*time.Hour))
	report("b-early", holmes.SignalMem, time.Now().Add(10*time.Second))
	for _, id := range []string{"c-first", "c-second", "c-second", "c-third"} {
		report(id, holmes.SignalThread, time.Now())
	}
	got := alerts(t, url)
	require.Len(t, got, 3, "events of one problem are one alert")
	require.Equal(t, "c-third", got[2].Annotations["event"])
	first := got[0]
	require.Equal(t, map[string]string{
		"alertname": "HolmesEvent", "severity": "warning", "signal": "cpu", "reason": "diff", "state": "confirmed",
		"service": "shop", "instance": "pod-7", "version": "v1.2.3+dirty", "node": "a=b, c%2C{d}", "team_name": "köln",
	}, first.Labels)
	require.Equal(t, "https://holmes.example.com/events/a-late", first.GeneratorURL)
	require.ElementsMatch(t, []string{"summary", "description", "event", "link"}, slices.Collect(maps.Keys(first.Annotations)))
	require.Contains(t, first.Annotations["description"], "1. main.(*Shop).applyCoupons (coupon.go:41), 64 % of cpu")
	require.WithinDuration(t, time.Now().Add(-2*time.Hour), first.StartsAt, time.Minute)

	// Each is notified, a late one too.
	told := map[string]bool{}
	for len(told) < 3 {
		select {
		case n := <-notified:
			require.Equal(t, "firing", n.Status)
			for _, a := range n.Alerts {
				told[a.Labels["signal"]] = true
			}
		case <-time.After(time.Minute):
			t.Fatalf("Alertmanager told of %v only", told)
		}
	}
}

// A refusal of Alertmanager is permanent.
func TestRealAlertmanagerRefuses(t *testing.T) {
	url, _ := realAlertmanager(t)
	r, err := reporters.NewWebhook(url+"/api/v2/alerts", reporters.JSON(`{"no": "list"}`))
	require.NoError(t, err)
	err = r.Report(context.Background(), wired(t))
	require.ErrorContains(t, err, "answered 400")
	require.True(t, strings.HasPrefix(err.Error(), "holmes: "))
}

// An alert of Prometheus and one of ours live beside each other, and are told
// apart by their labels.
func TestRealPrometheusBesideOurs(t *testing.T) {
	needPrograms(t, "prometheus")
	url, notified := realAlertmanager(t)
	rules := file(t, "rules.yml", `
groups:
  - name: test
    rules:
      - alert: ShopIsSlow
        expr: vector(1)
        labels: {service: shop, severity: page}
`)
	config := file(t, "prometheus.yml", fmt.Sprintf(`
global: {evaluation_interval: 1s}
rule_files: [%s]
alerting:
  alertmanagers:
    - static_configs: [{targets: ["%s"]}]
`, rules, strings.TrimPrefix(url, "http://")))
	daemon(t, "prometheus", "--config.file="+config, "--storage.tsdb.path="+t.TempDir(),
		"--web.listen-address=127.0.0.1:0", "--rules.alert.resend-delay=1s") // the first goes to no Alertmanager, as yet

	r, err := reporters.NewWebhook(url, reporters.Alertmanager())
	require.NoError(t, err)
	require.NoError(t, r.Report(context.Background(), wired(t)))
	told := map[string]string{}
	for len(told) < 2 {
		select {
		case n := <-notified:
			for _, a := range n.Alerts {
				require.Equal(t, "shop", a.Labels["service"])
				told[a.Labels["alertname"]] = a.Labels["severity"]
			}
		case <-time.After(2 * time.Minute):
			t.Fatalf("Alertmanager told of %v only", told)
		}
	}
	require.Equal(t, map[string]string{"HolmesEvent": "warning", "ShopIsSlow": "page"}, told)
	require.Len(t, alerts(t, url), 2)
}
