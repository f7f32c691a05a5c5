package reporters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	neturl "net/url"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// webhookSettings are what the options of [NewWebhook] alone make.
type webhookSettings struct {
	link   linker
	secret string
	rates  []rate // nil: the template's own
}

// WithSigningSecret is for [NewWebhook] and robots of DingTalk and Feishu that
// want messages to be signed. The secret itself is never sent.
func WithSigningSecret(secret string) HTTPOption {
	return special("WithSigningSecret", func(s *settings) error {
		s.secret = secret
		if secret == "" {
			return errors.New("the secret is empty")
		}
		return nil
	})
}

// Webhook is a [holmes.Reporter] that sends messages about events to a chat or an
// alert manager. It is safe for concurrent use, and holds no connection and no
// goroutine between two reports.
type Webhook struct {
	client   *httpclient.Client
	name     string
	labels   map[string]string
	link     linker
	template Template
	secret   string
	batcher  batcher
	memory   memory
}

// NewWebhook returns a reporter that posts a JSON message for each event: its
// sentence, the service and its instance, the culprits if there are any, and a
// link, see [WithLink]. It never sends a profile. It makes no connection.
//
//	chat, err := reporters.NewWebhook(url, reporters.Slack(),
//		reporters.WithLink("https://holmes.example.com/events/{{.ID}}"))
//
// It keeps to the rate that the receiver documents: Report waits for its turn,
// or returns an error that says when that is if its context would end before.
// Events that wait at the same time share a message. A receiver that still answers
// that there were too many, because others write there too, gets none for the time
// that it names. Events of [holmes.WithContinuous] cause no message.
//
// The answers are judged as with [NewHTTP], and for DingTalk and Feishu by the
// code in the text. A message that was sent is not repeated for the last 256
// events; one whose answer was lost is, and has the event's ID in the header
// Idempotency-Key, like the first, if it is about one event.
//
// Its name has the receiver's host only: the rest of the
// URL is a secret with most of them.
func NewWebhook(url string, template Template, opts ...HTTPOption) (*Webhook, error) {
	s, err := newSettings("NewWebhook", url, opts, "WithLink", "WithRate", "WithSigningSecret")
	switch {
	case err != nil:
		return nil, err
	case template.err != nil:
		return nil, fmt.Errorf("holmes: template: %w", template.err)
	case template.encode == nil:
		return nil, errors.New("holmes: the template is empty; see Slack, DingTalk, Feishu, Alertmanager, JSON")
	case s.secret != "" && template.sign == nil:
		return nil, fmt.Errorf("holmes: WithSigningSecret is no option for %s", template.name)
	}
	s.http.Path, s.http.SecretURL, s.http.Secret = template.path, !template.open, s.secret
	client, err := httpclient.New(s.http)
	if err != nil {
		return nil, err
	}
	w := &Webhook{
		client: client, name: template.name + " " + client.Target(),
		labels: s.labels, link: s.link, template: template, secret: s.secret,
	}
	w.batcher = batcher{turn: make(chan struct{}, 1), pacer: pacer{rates: template.rates}, send: w.send}
	if s.rates != nil {
		w.batcher.pacer.rates = s.rates
	}
	return w, nil
}

// Name is the kind of receiver and its host, with a fingerprint of the URL.
func (w *Webhook) Name() string { return w.name }

// Timeout is how long a Report may take, as set by [WithTimeout], else 0.
func (w *Webhook) Timeout() time.Duration { return w.client.Timeout() }

// Report sends a message about the event, alone or with others that wait, and
// returns when the receiver has answered.
func (w *Webhook) Report(ctx context.Context, e *holmes.Event) error {
	return w.ReportBatch(ctx, []*holmes.Event{e})
}

// ReportBatch is Report for several events, which share a message where there
// is room. If one of them has to be tried again the error is that one's, and
// repeating the batch sends only what has not arrived.
func (w *Webhook) ReportBatch(ctx context.Context, events []*holmes.Event) error {
	var all outcome
	var items []*item
	for _, e := range events {
		it, err := w.item(e)
		if err != nil {
			if err := all.add(err); err != nil {
				return err
			}
		} else if it != nil {
			items = append(items, it)
		}
	}
	var retry error
	for i, err := range w.batcher.deliver(ctx, items) {
		if err == nil || holmes.IsPermanent(err) {
			w.memory.settle(items[i].notice.ID, "", err)
		}
		if err := all.add(err); err != nil && retry == nil {
			retry = err
		}
	}
	if retry != nil {
		return retry
	}
	return all.err()
}

// item returns what to send of an event, and nil for one that was sent or that
// was captured by the timetable.
func (w *Webhook) item(e *holmes.Event) (*item, error) {
	if scheduled(e) {
		return nil, nil
	}
	if err := checkName("event id", e.ID); err != nil {
		return nil, err
	}
	if known, err := w.memory.recall(e.ID, ""); known {
		return nil, err
	}
	n, err := newNotice(labelled(e, w.labels), w.link)
	if err != nil {
		return nil, err
	}
	return &item{notice: n}, nil
}

// send sends one message about as many of the notices as fit, and returns how
// many these were.
func (w *Webhook) send(ctx context.Context, notices []Notice) (int, error) {
	now := time.Now()
	body, n, err := w.message(notices, now)
	if err != nil {
		return n, holmes.Permanent(fmt.Errorf("holmes: %s: %w", w.template.name, err))
	}
	query := neturl.Values{}
	if w.secret != "" {
		if body, err = w.template.sign(w.secret, now, query, body); err != nil {
			return n, holmes.Permanent(fmt.Errorf("holmes: %s: %w", w.template.name, err))
		}
	}
	r := httpclient.Request{
		Query:  query,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   bytes.NewReader(body),
	}
	if n == 1 { // the next attempt may put others together
		r.Header.Set("Idempotency-Key", notices[0].ID)
	}
	if w.template.judge == nil {
		return n, w.client.Send(ctx, r)
	}
	answer, err := w.client.Post(ctx, r)
	if err != nil {
		return n, err
	}
	if err := w.template.judge(answer, w.client.Reason); err != nil {
		return n, fmt.Errorf("holmes: post to %s: %w", w.client.Target(), err)
	}
	return n, nil
}

// message encodes as many of the notices as the receiver takes at once. One that
// cannot be encoded does not spoil the others.
func (w *Webhook) message(notices []Notice, now time.Time) (body []byte, n int, err error) {
	for n = min(len(notices), w.template.most); ; n /= 2 {
		body, err = w.template.encode(notices[:n], now)
		fits := err == nil && (w.template.bytes == 0 || len(body) <= w.template.bytes)
		if fits || n == 1 {
			return body, n, err
		}
	}
}
