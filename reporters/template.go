package reporters

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/go-holmes/holmes/diagnose"
)

// A Template is the form of a webhook's messages: [Slack], [DingTalk], [Feishu],
// [Alertmanager], or [JSON] for one of your own.
type Template struct {
	name  string
	path  string // behind the URL
	open  bool   // the URL is no secret
	rates []rate
	most  int // events of a message
	bytes int // of a message, 0 for any

	encode func(notices []Notice, now time.Time) ([]byte, error)
	// judge reads the answer of receivers that say no with status 200, whose
	// words go through clean. Nil takes the status for all there is to say.
	judge func(answer []byte, clean func([]byte) string) error
	// sign is for receivers with a signing secret: it changes the query or the
	// body.
	sign func(secret string, now time.Time, query url.Values, body []byte) ([]byte, error)

	err error // what is wrong with a template of one's own
}

// JSON returns a template of your own in the language of [text/template], whose
// output is a JSON document. Its data is a [Notice], and it has the function
// json beside the usual ones, which writes any value as JSON, quotes and all:
//
//	{"summary": {{json .Sentence}}, "severity": {{json .Severity}},
//	 "service": {{json .Labels.service}}, "url": {{json .Link}}}
//
// Each event is a message of its own. If the text has ".Others" in it, it is
// for several, and with [WithRate] those that wait for their turn share one.
// The URL is taken for a secret, as those of webhooks are: only its host is
// shown. Any 2xx status is success.
//
// The template is tried out by [NewWebhook], which returns what is wrong with
// it.
func JSON(text string) Template {
	t := Template{name: "webhook", most: 1}
	if strings.Contains(text, ".Others") {
		t.most = 20
	}
	var parsed *template.Template
	parsed, t.err = parse(text)
	t.encode = func(notices []Notice, _ time.Time) ([]byte, error) {
		n := notices[0]
		n.Others = notices[1:]
		var out bytes.Buffer
		if err := parsed.Execute(&out, n); err != nil {
			return nil, err
		}
		if !json.Valid(out.Bytes()) {
			return nil, fmt.Errorf("what the template makes is not JSON: %s", cutOff(out.String(), maxSentence))
		}
		return out.Bytes(), nil
	}
	if t.err == nil {
		_, t.err = t.encode([]Notice{sampleNotice()}, time.Time{})
	}
	return t
}

func parse(text string) (*template.Template, error) {
	return template.New("").Option("missingkey=zero").Funcs(template.FuncMap{"json": encodeJSON}).Parse(text)
}

// sampleNotice is what templates are tried out with: one of everything.
func sampleNotice() Notice {
	return Notice{
		ID: "20260504T030201.000000000Z-cpu-a1b2c3d4", State: "confirmed", Severity: "warning", Signal: "cpu", Reason: "diff",
		At: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Value: 61, Limit: 2, Baseline: 41,
		Sentence: "CPU 61 %", Trigger: "CPU 61 %", Diagnosis: `"main.f"`, Confident: true,
		Culprits: []diagnose.Culprit{{Function: "main.f", File: "main.go", Line: 1, Share: 0.5, Delta: 1, Unit: "nanoseconds", Score: 9, Evidence: "cpu"}},
		Labels:   map[string]string{labelService: "shop", labelInstance: "pod-7", labelVersion: "v1.2.3"},
		Profiles: []string{"cpu.pb.gz"}, Link: "https://holmes.example.com/",
	}
}

// encodeJSON is json.Marshal without the escapes for HTML, which cost receivers
// with a limit of bytes six for one.
func encodeJSON(v any) (string, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// A linker returns where an event can be seen.
type linker func(Notice) (string, error)

// WithLink is for [NewWebhook]: it sets where a message links to, a template in
// the language of [text/template] with a [Notice] for its data:
//
//	reporters.WithLink("https://holmes.example.com/events/{{.ID}}")
//	reporters.WithLink("https://pyroscope.example.com/?query={{urlquery `{event="` .ID `"}`}}")
//
// The default is no link.
func WithLink(text string) HTTPOption {
	return special("WithLink", func(s *settings) error {
		parsed, err := parse(text)
		if err != nil {
			return err
		}
		s.link = func(n Notice) (string, error) {
			var out strings.Builder
			if err := parsed.Execute(&out, n); err != nil {
				return "", err
			}
			return checkLink(out.String())
		}
		_, err = s.link(sampleNotice())
		return err
	})
}

func checkLink(link string) (string, error) {
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return "", err
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return "", fmt.Errorf("%q is no address of a page", cutOff(link, maxShown))
	case len(link) > maxLink:
		return "", errors.New("the link is longer than a message can hold")
	}
	return u.String(), nil
}
