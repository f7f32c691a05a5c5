package deliver

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/reporters"

	"github.com/go-holmes/holmes/watch/internal/config"
)

// A maker makes a reporter for a URL.
type maker func(url string, opts ...reporters.HTTPOption) (event.Reporter, error)

// makers returns the types of reporters, by the name in the configuration.
func makers() map[string]maker {
	return map[string]maker{
		"alertmanager": chat(reporters.Alertmanager),
		"collector":    made(reporters.NewCollector),
		"dingtalk":     chat(reporters.DingTalk),
		"feishu":       chat(reporters.Feishu),
		"http":         made(reporters.NewHTTP),
		"profefe":      made(reporters.NewProfefe),
		"pyroscope":    made(reporters.NewPyroscope),
		"slack":        chat(reporters.Slack),
	}
}

func made[R event.Reporter](create func(string, ...reporters.HTTPOption) (R, error)) maker {
	return func(url string, opts ...reporters.HTTPOption) (event.Reporter, error) { return create(url, opts...) }
}

func chat(template func() reporters.Template) maker {
	return func(url string, opts ...reporters.HTTPOption) (event.Reporter, error) {
		return reporters.NewWebhook(url, template(), opts...)
	}
}

// Reporters returns the reporters of a configuration, or an error that names each that
// is wrong.
func Reporters(c *config.Config) (out []event.Reporter, err error) {
	all := slices.Clone(c.Reporters)
	if c.Collector != nil {
		first := *c.Collector
		first.Type = "collector"
		all = append([]config.Receiver{first}, all...)
	}
	for i := range all {
		r, wrong := reporter(&all[i])
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("holmes-watch: %s: %w", all[i].Type, wrong))
			continue
		}
		out = append(out, r)
	}
	return out, err
}

func reporter(r *config.Receiver) (event.Reporter, error) {
	create, ok := makers()[r.Type]
	if !ok {
		return nil, fmt.Errorf("there is no such type, only %v", slices.Sorted(maps.Keys(makers())))
	}
	out, err := create(r.URL, options(r)...)
	if err != nil || len(r.Only) == 0 {
		return out, err
	}
	var conditions []reporters.Condition
	for _, name := range slices.Sorted(maps.Keys(r.Only)) {
		conditions = append(conditions, reporters.If("label "+name, func(e *event.Event) bool { return e.Labels[name] == r.Only[name] }))
	}
	return reporters.Only(out, conditions...), nil
}

func options(r *config.Receiver) (out []reporters.HTTPOption) {
	if r.TokenFile != "" {
		out = append(out, reporters.WithTokenFile(r.TokenFile))
	}
	if r.CAFile != "" {
		out = append(out, reporters.WithCAFile(r.CAFile))
	}
	if r.Timeout > 0 {
		out = append(out, reporters.WithTimeout(r.Wait()))
	}
	if r.PlainHTTP {
		out = append(out, reporters.WithPlainHTTP())
	}
	if r.Link != "" {
		out = append(out, reporters.WithLink(r.Link))
	}
	return out
}
