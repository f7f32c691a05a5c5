package reporters_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
)

const hook = "https://chat.example.com/robot/send?access_token=t0k3n-0f-the-robot"

func newWebhook(t *testing.T, c *chat, form reporters.Template, opts ...reporters.HTTPOption) *reporters.Webhook {
	t.Helper()
	r, err := reporters.NewWebhook(hook, form, append([]reporters.HTTPOption{reporters.WithHTTPClient(c.client())}, opts...)...)
	require.NoError(t, err)
	return r
}

func TestWebhookConformance(t *testing.T) {
	for _, name := range []string{"slack", "dingtalk", "feishu", "alertmanager", "own template"} {
		t.Run(name, func(t *testing.T) {
			reportertest.Test(t, func(t *testing.T) reportertest.Target {
				var stall chan struct{}
				s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if stall != nil {
						<-stall
					}
					_, _ = w.Write([]byte(`{"errcode":0,"code":0}`))
				}))
				t.Cleanup(s.Close)
				r, err := everyone[name](s.URL, reporters.WithRate(0, time.Second))
				require.NoError(t, err)
				return reportertest.Target{Reporter: r, Stall: func() func() {
					stall = make(chan struct{})
					return func() { close(stall) }
				}}
			})
		})
	}
}

// Of the evidence nothing but names goes to a chat.
func TestWebhooksNeverSendAProfile(t *testing.T) {
	e := reportertest.DiskEvent(t)
	for name := range everyone {
		switch name {
		case "http", "collector", "profefe", "pyroscope":
			continue
		}
		w := newWire(t, `{"errcode":0,"code":0}`, e)
		r, err := everyone[name](w.URL)
		require.NoError(t, err)
		require.NoError(t, r.Report(context.Background(), e))
		require.Len(t, w.bodies, 1)
		require.Less(t, len(w.bodies[0]), 4096)
		for i := range e.Profiles {
			if p := &e.Profiles[i]; p.Captured() {
				require.NotContains(t, string(w.bodies[0]), string(content(t, p)[:64]))
				require.NotContains(t, string(w.bodies[0]), p.Path)
			}
		}
	}
}

// A message that has arrived is not repeated; one that has not is.
// Captures of a timetable are not reported, so a receiver cannot refuse them.
func TestWebhooksDoNotTellOfTimetables(t *testing.T) {
	e := reportertest.DiskEvent(t)
	e.Trigger.Reason.Code = holmes.CodeContinuous
	for _, name := range []string{"slack", "dingtalk", "feishu", "alertmanager", "own template"} {
		r, err := everyone[name]("http://127.0.0.1:1/unused")
		require.NoError(t, err)
		require.NoError(t, r.Report(t.Context(), e), name)
	}
}

func TestWebhookRepeatsWhatItMust(t *testing.T) {
	status := http.StatusBadGateway
	c := &chat{yes: "ok", answer: func(*http.Request, string) (int, string) { return status, "" }}
	r, e := newWebhook(t, c, reporters.Slack(), reporters.WithRate(0, time.Second)), reportertest.MemoryEvent(t)
	require.ErrorContains(t, r.Report(context.Background(), e), "502")
	status = http.StatusOK
	for range 3 {
		require.NoError(t, r.Report(context.Background(), e))
	}
	require.Len(t, c.all(), 2)
}

func TestRobotsCheckSignatures(t *testing.T) {
	for name, tt := range map[string]struct {
		form reporters.Template
		as   func(*http.Request, string) (int, string)
	}{"dingtalk": {reporters.DingTalk(), asDingTalk}, "feishu": {reporters.Feishu(), asFeishu}} {
		t.Run(name, func(t *testing.T) {
			c := &chat{answer: tt.as}
			require.NoError(t, newWebhook(t, c, tt.form, reporters.WithSigningSecret(secret)).Report(context.Background(), wired(t)))
			require.NotContains(t, c.all()[0].url+c.all()[0].body, secret)
			for _, opts := range [][]reporters.HTTPOption{nil, {reporters.WithSigningSecret("another")}} {
				err := newWebhook(t, c, tt.form, opts...).Report(context.Background(), wired(t))
				require.ErrorContains(t, err, "sign")
				require.True(t, mendable(err))
			}
		})
	}
}

// mendable reports whether an error is tried again, slowly.
func mendable(err error) bool {
	var m interface{ Mendable() bool }
	return errors.As(err, &m) && m.Mendable() && !holmes.IsPermanent(err)
}

// Refusals that robots answer with status 200, from their documentation.
func TestRobotsSayNoWith200(t *testing.T) {
	const long = 10 * time.Minute
	const soon, slow, never = "soon", "slowly", "never"
	for _, tt := range []struct {
		form  reporters.Template
		says  string
		again string
		after time.Duration
	}{
		{reporters.DingTalk(), `{"errcode":310000,"errmsg":"keywords not in content"}`, slow, 0},
		{reporters.DingTalk(), `{"errcode":300001,"errmsg":"token is not exist"}`, slow, 0},
		{reporters.DingTalk(), `{"errcode":130101,"errmsg":"send too fast, exceed 20 times per minute"}`, soon, long},
		{reporters.DingTalk(), `{"errcode":-1,"errmsg":"system busy"}`, soon, 0},
		{reporters.DingTalk(), `{"status":1111,"wait":5,"punish":"deny"}`, soon, 0},
		{reporters.DingTalk(), `<html>`, soon, 0},
		{reporters.Feishu(), `{"code":19024,"msg":"Key Words Not Found"}`, slow, 0},
		{reporters.Feishu(), `{"code":9499,"msg":"Bad Request"}`, never, 0},
		{reporters.Feishu(), `{"StatusCode":0,"StatusMessage":"","code":9499,"msg":"too many request"}`, soon, time.Minute},
		{reporters.Feishu(), `{"code":11232,"msg":"frequency limited psm[x]"}`, soon, time.Minute},
		{reporters.Feishu(), `{"StatusCode":19001,"StatusMessage":"incoming webhook access token invalid"}`, slow, 0},
		{reporters.Feishu(), `{}`, soon, 0},
	} {
		c := &chat{answer: func(*http.Request, string) (int, string) {
			return 200, strings.Replace(tt.says, `msg":"`, `msg":"t0k3n-0f-the-robot `, 1)
		}}
		err := newWebhook(t, c, tt.form).Report(context.Background(), reportertest.MemoryEvent(t))
		require.ErrorContains(t, err, "holmes: post to https://chat.example.com#", tt.says)
		require.NotContains(t, err.Error(), "t0k3n", tt.says)
		require.Equal(t, tt.again == never, holmes.IsPermanent(err), tt.says)
		require.Equal(t, tt.again == slow, mendable(err), tt.says)
		var told interface{ RetryAfter() time.Duration }
		if errors.As(err, &told) {
			require.Equal(t, tt.after, told.RetryAfter(), tt.says)
		} else {
			require.Zero(t, tt.after, tt.says)
		}
	}
}

// A message of many events is no larger than the receiver takes.
func TestRobotsTakeSoManyBytes(t *testing.T) {
	for name, tt := range map[string]struct {
		form reporters.Template
		as   func(*http.Request, string) (int, string)
	}{"dingtalk": {reporters.DingTalk(), asDingTalk}, "feishu": {reporters.Feishu(), asFeishu}} {
		t.Run(name, func(t *testing.T) {
			var events []*holmes.Event
			for range 15 {
				e := wired(t)
				e.ID = reportertest.EmptyEvent(t).ID
				e.Diagnosis.Sentence = strings.Repeat(`"\`, 10_000)
				events = append(events, e)
			}
			c := &chat{answer: tt.as}
			r := newWebhook(t, c, tt.form, reporters.WithSigningSecret(secret))
			require.NoError(t, r.ReportBatch(context.Background(), events))
			posts := c.all()
			require.Greater(t, len(posts), 1)
			require.Less(t, len(posts), 10)
			var all strings.Builder
			for _, p := range posts {
				all.WriteString(p.body)
			}
			for _, e := range events {
				require.Equal(t, 1, strings.Count(all.String(), e.ID))
			}
		})
	}
}

func TestAlertsAreValid(t *testing.T) {
	c := &chat{}
	e := wired(t)
	e.At = time.Now().Add(time.Hour) // a clock that was put back
	e.Labels = map[string]string{"a-b": "1", "ä": "2", "0": "3", "": "4", "empty": "", "bad": "\xff", "severity": "not theirs to set"}
	require.NoError(t, newWebhook(t, c, reporters.Alertmanager()).Report(context.Background(), e))
	var alerts []struct {
		Labels   map[string]string
		StartsAt time.Time
	}
	require.NoError(t, json.Unmarshal([]byte(c.all()[0].body), &alerts))
	require.Equal(t, map[string]string{
		"alertname": "HolmesEvent", "signal": "cpu", "reason": "diff", "state": "confirmed", "severity": "warning",
		"a_b": "1", "_": "2", "_0": "3", "bad": "\uFFFD",
	}, alerts[0].Labels)
	require.False(t, alerts[0].StartsAt.After(time.Now()), "an alert that begins later is refused")
}

func TestWebhookName(t *testing.T) {
	r, err := reporters.NewWebhook(hook, reporters.DingTalk())
	require.NoError(t, err)
	require.Regexp(t, `^dingtalk https://chat.example.com#[0-9a-f]{8}$`, r.Name())
	r, err = reporters.NewWebhook("https://alerts.example.com/base", reporters.Alertmanager())
	require.NoError(t, err)
	require.Equal(t, "alertmanager https://alerts.example.com/base/api/v2/alerts", r.Name())
}

func TestWebhookOptions(t *testing.T) {
	for says, tt := range map[string]struct {
		form reporters.Template
		opts []reporters.HTTPOption
	}{
		"template is empty":                {form: reporters.Template{}},
		"WithSigningSecret is no option":   {reporters.Slack(), []reporters.HTTPOption{reporters.WithSigningSecret("s")}},
		"WithSigningSecret: the secret":    {reporters.Feishu(), []reporters.HTTPOption{reporters.WithSigningSecret("")}},
		"WithRate: -1 messages in 1s":      {reporters.Slack(), []reporters.HTTPOption{reporters.WithRate(-1, time.Second)}},
		"WithRate: 1 messages in 0s":       {reporters.Slack(), []reporters.HTTPOption{reporters.WithRate(1, 0)}},
		"WithTenant is no option":          {reporters.Slack(), []reporters.HTTPOption{reporters.WithTenant("a")}},
		"WithLink: template":               {reporters.Slack(), []reporters.HTTPOption{reporters.WithLink("{{")}},
		"can't evaluate field Nothing":     {reporters.Slack(), []reporters.HTTPOption{reporters.WithLink("https://h/{{.Nothing}}")}},
		`"javascript:alert(1)" is no addr`: {reporters.Slack(), []reporters.HTTPOption{reporters.WithLink("javascript:alert(1)")}},
		`"/events/x" is no address`:        {reporters.Slack(), []reporters.HTTPOption{reporters.WithLink("/events/x")}},
		"template: template: ":             {form: reporters.JSON("{{")},
		"can't evaluate field Sentense":    {form: reporters.JSON(`{"text": {{json .Sentense}}}`)},
		"is not JSON":                      {form: reporters.JSON(`{"text": {{.Sentence}}}`)},
	} {
		_, err := reporters.NewWebhook(hook, tt.form, tt.opts...)
		require.ErrorContains(t, err, says)
		require.ErrorContains(t, err, "holmes: ")
		require.NotContains(t, err.Error(), "t0k3n")
	}
}

// A template that fails for one event does not spoil the others.
func TestOwnTemplate(t *testing.T) {
	form := reporters.JSON(`{"all": [{{json .Sentence}}{{range .Others}}, {{json .Sentence}}{{end}}],
		"first": {{json (index .Culprits 0).Function}}, "none": {{json .Labels.unknown}}}`)
	c := &chat{}
	r := newWebhook(t, c, form)
	a, b, bad := wired(t), wired(t), wired(t)
	a.ID, b.ID, bad.ID, bad.Diagnosis.Culprits = "a", "b", "bad", nil
	err := r.ReportBatch(context.Background(), []*holmes.Event{a, b})
	require.NoError(t, err)
	require.Len(t, c.all(), 1)
	var got struct {
		All   []string
		First string
		None  string
	}
	require.NoError(t, json.Unmarshal([]byte(c.all()[0].body), &got))
	require.Equal(t, []string{a.Sentence(), b.Sentence()}, got.All)
	require.Equal(t, "main.(*Shop).applyCoupons", got.First)
	require.Empty(t, got.None)

	a.ID, b.ID = "a2", "b2"
	err = r.ReportBatch(context.Background(), []*holmes.Event{bad, a, b})
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "index")
	require.NoError(t, r.ReportBatch(context.Background(), []*holmes.Event{a, b}), "they have arrived")
	require.Len(t, c.all(), 2)
}

func TestLinksThatCannotBe(t *testing.T) {
	c := &chat{yes: "ok"}
	r := newWebhook(t, c, reporters.Slack(), reporters.WithLink("https://{{.Labels.service}}.example.com/"))
	e := wired(t)
	e.Labels = map[string]string{"service": "no host"}
	err := r.Report(context.Background(), e)
	require.True(t, holmes.IsPermanent(err))
	require.ErrorContains(t, err, "WithLink")
	require.Empty(t, c.all())
}
