package reporters_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

// everyone is a table of all reporters that speak HTTP, as they are used.
var everyone = map[string]func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error){
	"http": func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error) {
		return reporters.NewHTTP(url+"/in", opts...)
	},
	"collector": func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error) {
		return reporters.NewCollector(url, opts...)
	},
	"profefe": func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error) {
		return reporters.NewProfefe(url, opts...)
	},
	"pyroscope": func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error) {
		return reporters.NewPyroscope(url, opts...)
	},
	"slack":        webhook("/services/T000/B000/s3cr3tpath", reporters.Slack()),
	"dingtalk":     webhook("/robot/send?access_token=s3cr3tquery", reporters.DingTalk()),
	"feishu":       webhook("/open-apis/bot/v2/hook/s3cr3tpath", reporters.Feishu()),
	"alertmanager": webhook("", reporters.Alertmanager()),
	"own template": webhook("/hook", reporters.JSON(`{"text": {{json .Sentence}}}`)),
}

func webhook(path string, t reporters.Template) func(string, ...reporters.HTTPOption) (holmes.Reporter, error) {
	return func(url string, opts ...reporters.HTTPOption) (holmes.Reporter, error) {
		return reporters.NewWebhook(url+path, t, opts...)
	}
}

func TestHostileReceivers(t *testing.T) {
	for name, open := range everyone {
		t.Run(name, func(t *testing.T) {
			reportertest.Hostile(t, func(t *testing.T, url string) holmes.Reporter {
				r, err := open(url, reporters.WithToken("s3cr3t"))
				require.NoError(t, err)
				return r
			})
		})
	}
}
