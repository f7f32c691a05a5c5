package command

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/internal/term"
)

const pushEssay = `
holmes push sends profiles to a collector: files, or what net/http/pprof serves, as from cron.

  holmes push -service shop -labels version=1.2.3 cpu.pb.gz heap.pb.gz
  holmes push -service shop http://10.0.0.7:6060/debug/pprof/heap 'http://10.0.0.7:6060/debug/pprof/profile?seconds=10'
  holmes push -service shop http://10.0.0.7:6060/debug/pprof/

The type is taken from the name; -type sets it for all. An address that ends with /debug/pprof/ stands for a CPU profile of
-seconds, a heap and a goroutine profile. All are tried; the exit status is 1 if one could not be sent.`

// A pushing is one run of the command.
type pushing struct {
	window
	server, token string
	seconds       int
	json, plain   bool
	remote        *source.Remote
	labelValues   collector.Labels
}

// A pushed is the result for one profile.
type pushed struct {
	From  string `json:"from"`
	Type  string `json:"type,omitempty"`
	ID    string `json:"id,omitempty"`
	Error string `json:"error,omitempty"`
}

func runPush(ctx context.Context, std Std, args []string) error {
	p := &pushing{}
	s := newSettings("push", pushEssay)
	s.args = "<file or address>..."
	s.flags.StringVar(&p.server, "server", defaultServer, "send to the collector at this `URL`; its token is HOLMES_TOKEN")
	s.flags.StringVar(&p.service, "service", "", "they are of this `service`")
	s.flags.StringVar(&p.kind, "type", "", "they are of this `type`: cpu, heap, goroutine, ...")
	s.flags.StringVar(&p.labels, "labels", "", "they have these labels, `k=v,k2=v2`")
	s.flags.IntVar(&p.seconds, "seconds", 10, "CPU profiles of an address last so many `seconds`")
	s.flags.BoolVar(&p.json, "json", false, "print JSON")
	s.flags.BoolVar(&p.plain, "plain-http", false, "send the token to other machines without TLS, too")
	s.secret(&p.token, "token")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if err := p.prepare(s.flags.NArg()); err != nil {
		return err
	}
	sources := p.sources(s.flags.Args())
	bar := term.NewBar(std.Err, len(sources), "sending")
	var done []pushed
	var failed int
	for _, from := range sources {
		bar.Say(from)
		one := pushed{From: from}
		if err := p.send(ctx, &one); err != nil {
			one.Error = err.Error()
			failed++
		}
		done = append(done, one)
		bar.Step()
	}
	bar.End()
	if err := p.report(std, done); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("holmes push: %d of %d could not be sent", failed, len(done))
	}
	return nil
}

// prepare checks the flags.
func (p *pushing) prepare(n int) (err error) {
	switch {
	case n == 0:
		return usageError{errors.New("holmes push: which profiles: name files or addresses")}
	case p.service == "":
		return usageError{errors.New("holmes push: -service is missing")}
	case p.seconds < 1 || p.seconds > 300:
		return usageError{fmt.Errorf("holmes push: -seconds: %d is not between 1 and 300", p.seconds)}
	}
	if p.kind != "" {
		if _, err := collector.ParseKind(p.kind); err != nil {
			return usageError{err}
		}
	}
	if p.labelValues, err = collector.ParseLabels(p.labels); err != nil {
		return usageError{err}
	}
	p.remote, err = newRemote(p.server, p.token, p.plain)
	return err
}

// sources are the arguments, with the profiles that an address of net/http/pprof
// stands for.
func (p *pushing) sources(args []string) (out []string) {
	for _, arg := range args {
		base := strings.TrimSuffix(arg, "/")
		if !source.IsURL(arg) || !strings.HasSuffix(base, "/debug/pprof") {
			out = append(out, arg)
			continue
		}
		out = append(out, fmt.Sprintf("%s/profile?seconds=%d", base, p.seconds), base+"/heap", base+"/goroutine")
	}
	return out
}

// send sends one profile.
func (p *pushing) send(ctx context.Context, one *pushed) error {
	kind, err := p.kindOf(one.From)
	if err != nil {
		return err
	}
	one.Type = string(kind)
	raw, err := source.Fetch(ctx, one.From, time.Duration(p.seconds)*time.Second)
	if err != nil {
		return err
	}
	one.ID, err = p.remote.Push(ctx, p.service, kind, p.labelValues, raw)
	return err
}

// kindOf takes the type from the name of a file, or of the last element of an
// address.
func (p *pushing) kindOf(from string) (collector.Kind, error) {
	if p.kind != "" {
		return collector.Kind(p.kind), nil
	}
	name := filepath.Base(from)
	if u, err := url.Parse(from); err == nil && source.IsURL(from) {
		name = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	}
	for _, known := range []struct {
		prefix string
		kind   collector.Kind
	}{
		{"profile", collector.KindCPU},
		{"cpu", collector.KindCPU},
		{"allocs", collector.KindHeap},
		{"mem", collector.KindHeap},
		{"heap", collector.KindHeap},
		{"goroutine", collector.KindGoroutine},
		{"mutex", collector.KindMutex},
		{"block", collector.KindBlock},
		{"thread", collector.KindThreadcreate},
		{"trace", collector.KindTrace},
	} {
		if strings.HasPrefix(name, known.prefix) {
			return known.kind, nil
		}
	}
	return "", fmt.Errorf("holmes: the name %q tells no type; say it with -type", name)
}

// report prints the results.
func (p *pushing) report(std Std, done []pushed) error {
	if p.json {
		return term.JSON(std.Out, map[string]any{"profiles": done})
	}
	return term.Table(std.Out, "TYPE\tID\tFROM", done, func(one pushed) []string {
		if one.Error != "" {
			return []string{one.Type, "failed", one.From + ": " + one.Error}
		}
		return []string{one.Type, one.ID, one.From}
	})
}
