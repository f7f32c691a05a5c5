package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/internal/pprofread"
)

// known returns the kinds that net/http/pprof has.
func known() []string {
	return []string{"cpu", "heap", "goroutine", "threadcreate", "mutex", "block", "allocs", "trace"}
}

// maxProfile bounds a profile. Larger ones cannot be opened in practice.
const maxProfile = 64 << 20

// collect makes an event of the profiles. The errors are of profiles that are missing.
func collect(ctx context.Context, o options, stdin io.Reader) (*holmes.Event, []error) {
	now := time.Now()
	e := &holmes.Event{
		ID:    now.UTC().Format("20060102T150405.000000000Z") + "-agentless-" + rand.Text()[:8],
		State: holmes.StateConfirmed,
		At:    now,
		Trigger: holmes.Trigger{
			Sample: holmes.Sample{Signal: "agentless", At: now},
			Reason: holmes.Reason{Code: "continuous", Text: "profiles from " + source(o)},
		},
		Labels: o.labels,
	}
	var errs []error
	for i, kind := range o.kinds {
		p, err := one(ctx, o, i, stdin)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", kind, err))
			continue
		}
		e.Profiles = append(e.Profiles, p)
	}
	return e, errs
}

// source returns the origin of the profiles, without passwords.
func source(o options) string {
	if len(o.in) > 0 {
		return "files"
	}
	return (&url.URL{Scheme: o.from.Scheme, Host: o.from.Host, Path: o.from.Path}).String()
}

// one returns the profile of a kind.
func one(ctx context.Context, o options, i int, stdin io.Reader) (holmes.Profile, error) {
	kind, asked := o.kinds[i], time.Now()
	var raw []byte
	var err error
	switch {
	case len(o.in) == 0:
		raw, err = fetch(ctx, o, kind)
	case o.in[i][1] == "-":
		raw, err = read(stdin)
	default:
		raw, err = readFile(o.in[i][1])
	}
	if err == nil {
		err = check(kind, raw)
	}
	p := holmes.MemoryProfile(kindOf(kind), fileOf(kind, i, o.kinds), raw)
	if p.Start, p.Duration, _ = pprofread.Times(raw); p.Start.IsZero() { // a trace has no start
		p.Start, p.Duration = asked, time.Since(asked)
	}
	return p, err
}

// kindOf returns the kind in holmes: a profile of allocations is a heap profile with
// another default column.
func kindOf(kind string) holmes.Kind {
	if kind == "allocs" {
		return holmes.KindHeap
	}
	return holmes.Kind(kind)
}

// fileOf names the file of a kind, a second one of its kind by a number.
func fileOf(kind string, i int, kinds []string) string {
	name := kind
	if slices.Contains(kinds[:i], kind) {
		name += "-" + strconv.Itoa(i+1)
	}
	if kind == "trace" {
		return name + ".out"
	}
	return name + ".pb.gz"
}

// fetch gets a profile from the service.
func fetch(ctx context.Context, o options, kind string) ([]byte, error) {
	at := *o.from
	query := at.Query()
	path := kind
	if kind == "cpu" {
		path = "profile"
	}
	if kind == "cpu" || kind == "trace" {
		query.Set("seconds", strconv.Itoa(o.seconds))
	}
	at.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.JoinPath(path).String(), http.NoBody)
	if err != nil {
		return nil, withoutURL(err)
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 200)) // a reason, if there is one
		return nil, fmt.Errorf("the service answered %s: %q", resp.Status, text)
	}
	return read(resp.Body)
}

// withoutURL takes the URL out of an error: it may hold a password.
func withoutURL(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return read(f)
}

func read(in io.Reader) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(in, maxProfile+1))
	if err == nil && len(raw) > maxProfile {
		err = fmt.Errorf("it is larger than %d MiB", maxProfile>>20)
	}
	return raw, err
}

// check distinguishes a profile from the page of a proxy and from an empty answer.
func check(kind string, raw []byte) error {
	magic := []byte{0x1f, 0x8b} // gzip
	if kind == "trace" {
		magic = []byte("go 1.")
	}
	if !bytes.HasPrefix(raw, magic) {
		return fmt.Errorf("the answer is no profile: it begins with %q", raw[:min(len(raw), 40)])
	}
	return nil
}
