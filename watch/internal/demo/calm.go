package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// awaitBaseline waits until all services have profiles of calm times.
func (d *demo) awaitBaseline(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, calmLimit)
	defer cancel()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		n, err := d.baselines(limited)
		if err == nil && n >= len(d.services) {
			return nil
		}
		select {
		case <-limited.Done():
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return errors.Join(fmt.Errorf("holmes-watch demo: the services were not calm within %v: %s", calmLimit, d.states(ctx)), err)
		case <-second.C:
		}
	}
}

// baselines returns how many rounds of profiles of calm times there were.
func (d *demo) baselines(ctx context.Context) (int, error) {
	answer, err := d.get(ctx, "/metrics")
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(answer.Body)
	if err != nil {
		return 0, err
	}
	f := families["holmes_watch_baselines_total"]
	if f == nil || len(f.GetMetric()) != 1 {
		return 0, nil
	}
	return int(f.GetMetric()[0].GetCounter().GetValue()), nil
}

// states returns the state of all targets as text.
func (d *demo) states(ctx context.Context) string {
	answer, err := d.get(ctx, "/api/1/targets")
	if err != nil {
		return err.Error()
	}
	defer func() { _ = answer.Body.Close() }()
	var out json.RawMessage
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		return err.Error()
	}
	return string(out)
}

func (d *demo) get(ctx context.Context, path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+d.page+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	return http.DefaultClient.Do(request)
}
