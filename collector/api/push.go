package api

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/push"
	"github.com/go-holmes/holmes/collector/safepprof"
)

// A pushForm is a form of requests: how they are read, and the answer.
type pushForm struct {
	read   func(io.Reader, push.Sink) error
	answer string
}

func pushFormOf(contentType string) (form pushForm, ok bool) {
	switch contentType {
	case "application/proto":
		return pushForm{push.Proto, ""}, true
	case "application/json":
		return pushForm{push.JSON, "{}"}, true
	default:
		return pushForm{}, false
	}
}

// push takes the profiles of a request. Each is stored or refused by itself: where
// some are refused, the error says which and why, and the others are stored.
func (h *Handler) push(w http.ResponseWriter, r *http.Request) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, ok := pushFormOf(kind)
	if !ok {
		w.Header().Set("Accept-Post", "application/proto, application/json")
		return collector.Errorf(unsupportedMedia, "Content-Type %.80q is not application/proto or application/json", kind)
	}
	switch encoding := strings.ToLower(r.Header.Get("Content-Encoding")); encoding {
	case "", "identity", "gzip": // Inflate tells them apart
	default:
		w.Header().Set("Accept-Encoding", "gzip")
		return collector.Errorf(unsupportedMedia, "Content-Encoding %.80q is not gzip or identity", encoding)
	}
	// A failed read ends the context of the request before the error is seen, which
	// says more.
	p := &pushed{intake: &h.intake, ctx: context.WithoutCancel(r.Context())}
	defer p.discard()
	if err := p.outcome(form.read(safepprof.Inflate(r.Body, h.limits.EventBytes, h.limits.EventBytes), p)); err != nil {
		return err
	}
	w.Header().Set("Content-Type", kind)
	_, err := io.WriteString(w, form.answer)
	return err
}

// Bounds of a request.
const (
	maxPushed  = 1000 // profiles
	maxWaiting = 4    // profiles that come before the labels of their series
	maxReasons = 3    // that the error names
)

// pushed is a request that is being received, a [push.Sink].
type pushed struct {
	*intake
	ctx context.Context

	series  pushedSeries
	waiting []*pushedSample // for the labels of the series, or for its own end

	seriesN, samplesN, sampleN int // of the request, and of the series
	stored, refused, tooLarge  int
	reasons                    []string
}

// A pushedSample is one profile.
type pushedSample struct {
	place string
	draft collector.Draft // nil before the profile
	info  safepprof.Info
	id    string
	err   error // why it is refused
}

// Series implements [push.Sink].
func (p *pushed) Series() error {
	p.series, p.sampleN = pushedSeries{}, 0
	p.seriesN++
	return nil
}

// Label implements [push.Sink].
func (p *pushed) Label(name, value string) error {
	if p.series.settled {
		return collector.Errorf(collector.Invalid, "series %d has labels before and after its samples", p.seriesN)
	}
	p.series.add(name, value)
	return nil
}

// EndSeries implements [push.Sink].
func (p *pushed) EndSeries() error { return p.settle() }

// Sample implements [push.Sink].
func (p *pushed) Sample() error {
	p.sampleN++
	if p.samplesN++; p.samplesN > maxPushed {
		return collector.Errorf(collector.TooLarge, "more than %d profiles in one request", maxPushed)
	}
	if len(p.waiting) == maxWaiting {
		return collector.Errorf(collector.Invalid, "series %d has more than %d samples before its labels", p.seriesN, maxWaiting)
	}
	p.waiting = append(p.waiting, &pushedSample{place: fmt.Sprintf("series %d, sample %d", p.seriesN, p.sampleN)})
	return nil
}

// sample is the one that is being received.
func (p *pushed) sample() *pushedSample { return p.waiting[len(p.waiting)-1] }

// Profile implements [push.Sink].
func (p *pushed) Profile(raw io.Reader) error {
	s := p.sample()
	if s.draft != nil {
		s.err = collector.Errorf(collector.Invalid, "it has two profiles")
		return nil
	}
	d, err := p.store.Draft(p.ctx)
	if err != nil {
		return err
	}
	s.draft = d
	s.info, s.err = p.receiveProfile(d, ingestFile, raw, collector.KindOther)
	return unlessRefused(s.err)
}

// unlessRefused returns an error, unless it is one of the profile alone.
func unlessRefused(err error) error {
	switch collector.CodeOf(err) {
	case collector.Invalid, collector.TooLarge:
		return nil
	default:
		return err
	}
}

// ID implements [push.Sink].
func (p *pushed) ID(id string) error {
	p.sample().id = id
	return nil
}

// EndSample implements [push.Sink].
func (p *pushed) EndSample() error {
	if s := p.sample(); s.draft == nil && s.err == nil {
		s.err = collector.Errorf(collector.Invalid, "rawProfile is missing")
	}
	if !p.series.labelled() {
		return nil // they are still to come
	}
	return p.settle()
}

// settle stores the samples that wait, or notes why not.
func (p *pushed) settle() error {
	defer p.discard()
	for _, s := range p.waiting {
		m, err := p.series.describe()
		if err == nil {
			err = checkService(p.ctx, m.Service)
		}
		if s.err == nil {
			s.err = err
		}
		if s.err == nil {
			s.err = p.commit(s, m)
		}
		if err := unlessRefused(s.err); err != nil {
			return err
		}
		p.count(s)
	}
	return nil
}

// commit stores a sample.
func (p *pushed) commit(s *pushedSample, m collector.Meta) error {
	m.Kind = p.series.kindOf(&s.info)
	p.complete(&m, &s.info)
	key, err := p.series.keyOf(s, &m)
	if err != nil {
		return err
	}
	_, err = s.draft.Commit(p.ctx, collector.Record{Key: key, Profile: &m})
	return err
}

// count counts a sample that is stored or refused.
func (p *pushed) count(s *pushedSample) {
	if s.err == nil {
		p.stored++
		return
	}
	p.refused++
	if collector.CodeOf(s.err) == collector.TooLarge {
		p.tooLarge++
	}
	if len(p.reasons) < maxReasons {
		p.reasons = append(p.reasons, failureOf(collector.Prefix(s.err, s.place)).message)
	}
}

// discard drops what was received and is not stored.
func (p *pushed) discard() {
	for _, s := range p.waiting {
		if s.draft != nil {
			s.draft.Discard()
		}
	}
	p.waiting = p.waiting[:0]
}

// outcome is the error of a request that was read to its end, or to an error.
func (p *pushed) outcome(err error) error {
	if err = clientError(err); err != nil {
		if p.stored > 0 {
			err = collector.Prefix(err, fmt.Sprintf("%d profiles are stored, then", p.stored))
		}
		return err
	}
	if p.samplesN == 0 {
		return collector.Errorf(collector.Invalid, "the request has no profile")
	}
	if p.refused == 0 {
		return nil
	}
	code := collector.Invalid
	if p.refused == p.tooLarge {
		code = collector.TooLarge
	}
	reasons := strings.Join(p.reasons, "; ")
	if more := p.refused - len(p.reasons); more > 0 {
		reasons += fmt.Sprintf("; and %d more", more)
	}
	if p.stored > 0 {
		reasons = fmt.Sprintf("%d of %d profiles refused, the others stored: %s", p.refused, p.samplesN, reasons)
	}
	return collector.Errorf(code, "%s", reasons)
}
