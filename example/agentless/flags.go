package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-holmes/holmes/reporters"
)

const usage = `Agentless pushes profiles of a service that does not use holmes to the receivers of
holmes.

Usage: agentless -service name -to kind=where [-to ...] [flags]

It fetches profiles from the service's net/http/pprof, at -from:

  agentless -service shop -from http://localhost:6060/debug/pprof/ \
      -kinds cpu,heap,goroutine -seconds 10 -to profefe=http://localhost:10100

or takes files that another program has fetched, "-" from standard input:

  curl -s http://localhost:6060/debug/pprof/heap | \
      agentless -service shop -in heap=- -to pyroscope=http://localhost:4040

All profiles of a call are one event of reason "continuous" and have its ID. The
receivers, of which there may be several:

  file=DIR       a directory, an event a directory in it, as holmes writes them
  collector=URL  holmes's own collector
  http=URL       any receiver of whole events, by POST
  profefe=URL    a profefe collector
  pyroscope=URL  a Pyroscope server

A receiver that is busy or down is tried again until -timeout. The status is 0 if
everything arrived, 1 if something did not, 2 if the call is wrong.

Every user of the machine can read a password on the command line, so these come from
the environment:

  HOLMES_TOKEN         bearer token, for all receivers that use HTTP
  HOLMES_USER          user:password, for the same, instead of a token

In a crontab, every five minutes, with mail only about errors:

  */5 * * * *  agentless -quiet -service shop -to profefe=http://localhost:10100

Flags:
`

// options are the flags.
type options struct {
	from    *url.URL
	kinds   []string
	in      pairs // kind and file, instead of from
	seconds int
	timeout time.Duration
	labels  map[string]string
	quiet   bool
	to      []receiver
}

// pairs is a flag that may be given several times, as key=value.
type pairs [][2]string

func (p *pairs) String() string { return "" }

func (p *pairs) Set(text string) error {
	k, v, ok := strings.Cut(text, "=")
	if !ok || k == "" || v == "" {
		return errors.New("want key=value")
	}
	*p = append(*p, [2]string{k, v})
	return nil
}

// raw are the flags before they are checked.
type raw struct {
	from, kinds, service, instance, tenant string
	ca, cert, key                          string
	insecure, plain                        bool
	labels, to                             pairs
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (options, error) {
	var o options
	var r raw
	f := flag.NewFlagSet("agentless", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	f.StringVar(&r.from, "from", "http://localhost:6060/debug/pprof/", "`URL` of the service's net/http/pprof")
	f.StringVar(&r.kinds, "kinds", "cpu,heap,goroutine", "`list` of kinds to fetch: cpu, heap, goroutine, threadcreate, mutex, block, allocs, trace")
	f.IntVar(&o.seconds, "seconds", 10, "how long a CPU profile or a trace takes")
	f.Var(&o.in, "in", "`kind=file` to take instead of fetching; - is standard input; may be repeated")
	f.StringVar(&r.service, "service", "", "`name` that the profiles are filed under")
	f.StringVar(&r.instance, "instance", "", "`name` of this copy of the service (default: the host of -from)")
	f.Var(&r.labels, "label", "`key=value` to add to the event; may be repeated")
	f.Var(&r.to, "to", "`kind=where` to push to; may be repeated")
	f.DurationVar(&o.timeout, "timeout", 2*time.Minute, "limit from the first fetch to the last answer")
	f.BoolVar(&o.quiet, "quiet", false, "print errors only")
	f.StringVar(&r.tenant, "tenant", "", "Pyroscope's tenant `ID`")
	f.StringVar(&r.ca, "ca", "", "PEM `file` of the authorities to trust")
	f.StringVar(&r.cert, "cert", "", "PEM `file` of the client certificate to show")
	f.StringVar(&r.key, "key", "", "PEM `file` of its key")
	f.BoolVar(&r.insecure, "insecure-skip-verify", false, "accept any certificate")
	f.BoolVar(&r.plain, "plain-http", false, "allow http to other machines: it is not encrypted")
	err := f.Parse(args)
	if err != nil {
		return o, err // the flag set has printed it
	}
	if f.NArg() > 0 {
		err = fmt.Errorf("argument %q is not known", f.Arg(0))
	} else {
		err = o.fill(&r, getenv)
	}
	if err != nil {
		fmt.Fprintf(stderr, "agentless: %v; see -help\n", err)
	}
	return o, err
}

// fill makes options of the flags.
func (o *options) fill(r *raw, getenv func(string) string) (err error) {
	o.from, err = url.Parse(r.from)
	switch {
	case err != nil || o.from.Host == "" || o.from.Scheme != "http" && o.from.Scheme != "https":
		return errors.New("-from is no URL of http or https")
	case r.service == "":
		return errors.New("-service is missing: receivers file profiles under it")
	case len(r.to) == 0:
		return errors.New("-to is missing: it names a receiver")
	case o.seconds <= 0:
		return fmt.Errorf("-seconds %d: want more than 0", o.seconds)
	case o.timeout <= 0:
		return fmt.Errorf("-timeout %v: want more than 0", o.timeout)
	}
	if r.instance == "" {
		r.instance = o.from.Hostname()
	}
	o.labels = map[string]string{}
	for _, pair := range r.labels {
		o.labels[pair[0]] = pair[1]
	}
	maps.Copy(o.labels, map[string]string{"service": r.service, "instance": r.instance})
	if len(o.in) == 0 {
		o.kinds = strings.Split(r.kinds, ",")
	}
	for _, pair := range o.in {
		o.kinds = append(o.kinds, pair[0])
	}
	for _, k := range o.kinds {
		if !slices.Contains(known(), k) {
			return fmt.Errorf("kind %q is not known, want one of %s", k, strings.Join(known(), ", "))
		}
	}
	return o.receivers(r, getenv)
}

// receivers opens the receivers of -to.
func (o *options) receivers(r *raw, getenv func(string) string) error {
	opts, err := r.http(getenv)
	if err != nil {
		return err
	}
	for _, pair := range r.to {
		to, err := open(pair[0], pair[1], r.tenant, opts)
		if err != nil {
			return fmt.Errorf("-to %s: %w", pair[0], err)
		}
		o.to = append(o.to, to)
	}
	return nil
}

// http returns the options of all receivers that use HTTP.
func (r *raw) http(getenv func(string) string) (opts []reporters.HTTPOption, err error) {
	if token := getenv("HOLMES_TOKEN"); token != "" {
		opts = append(opts, reporters.WithToken(token))
	}
	if user := getenv("HOLMES_USER"); user != "" {
		name, password, ok := strings.Cut(user, ":")
		if !ok {
			return nil, errors.New("HOLMES_USER is not of the form user:password")
		}
		opts = append(opts, reporters.WithBasicAuth(name, password))
	}
	if r.ca != "" {
		opts = append(opts, reporters.WithCAFile(r.ca))
	}
	if r.cert != "" || r.key != "" {
		opts = append(opts, reporters.WithClientCertificate(r.cert, r.key))
	}
	if r.insecure {
		opts = append(opts, reporters.WithInsecureSkipVerify())
	}
	if r.plain {
		opts = append(opts, reporters.WithPlainHTTP())
	}
	return opts, nil
}
