package pages

import (
	"errors"
	"flag"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/pprof/driver"
	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector/internal/render"
)

// The driver is a command line program: it keeps its settings in variables of its
// packages, so calls are serialized.
var entry sync.Mutex //nolint:gochecknoglobals // it guards the driver's globals

// handlersOf returns pprof's pages of a profile, by path.
func handlersOf(p *profile.Profile) (map[string]http.Handler, error) {
	var handlers map[string]http.Handler
	err := drive(p, []string{"-http=localhost:0", "-no_browser", "-symbolize=none", "profile"}, nil,
		func(args *driver.HTTPServerArgs) error {
			handlers = args.Handlers
			return nil
		})
	if err == nil && handlers == nil {
		err = errors.New("holmes: pages: pprof has no pages")
	}
	return handlers, err
}

// dotOf writes the call graph of a profile in the language of Graphviz.
func dotOf(p *profile.Profile, w io.Writer) error {
	return drive(p, []string{"-dot", "-output=graph", "-symbolize=none", "profile"}, w, nil)
}

// drive runs pprof with a profile in memory, without files, network and binaries.
func drive(p *profile.Profile, args []string, w io.Writer, serve func(*driver.HTTPServerArgs) error) error {
	entry.Lock()
	defer entry.Unlock()
	return driver.PProf(&driver.Options{
		Writer: output{w}, Flagset: &flags{FlagSet: flag.NewFlagSet("pprof", flag.ContinueOnError), args: args},
		Fetch: fetcher{p}, Sym: symbolizer{}, Obj: binaries{}, UI: silence{}, HTTPServer: serve, HTTPTransport: offline{},
	})
}

var errNothing = errors.New("holmes: pages: pprof has no access to anything")

// fetcher returns the profile for every name. It returns no source, so that the
// driver does not save it.
type fetcher struct{ p *profile.Profile }

func (f fetcher) Fetch(string, time.Duration, time.Duration) (*profile.Profile, string, error) {
	return f.p, "", nil
}

// output writes a report.
type output struct{ io.Writer }

func (o output) Open(string) (io.WriteCloser, error) {
	if o.Writer == nil {
		return nil, errNothing
	}
	return o, nil
}

func (output) Close() error { return nil }

type symbolizer struct{}

func (symbolizer) Symbolize(string, driver.MappingSources, *profile.Profile) error { return nil }

type binaries struct{}

func (binaries) Open(string, uint64, uint64, uint64, string) (driver.ObjFile, error) {
	return nil, errNothing
}

func (binaries) Disasm(string, uint64, uint64, bool) ([]driver.Inst, error) { return nil, errNothing }

type offline struct{}

func (offline) RoundTrip(*http.Request) (*http.Response, error) { return nil, errNothing }

// silence is a user interface without input and output.
type silence struct{}

func (silence) ReadLine(string) (string, error)     { return "", io.EOF }
func (silence) Print(...any)                        {}
func (silence) PrintErr(...any)                     {}
func (silence) IsTerminal() bool                    { return false }
func (silence) WantBrowser() bool                   { return false }
func (silence) SetAutoComplete(func(string) string) {}

// flags are the command line of [drive].
type flags struct {
	*flag.FlagSet
	args []string
}

func (f *flags) StringList(name, def, usage string) *[]*string {
	return &[]*string{f.String(name, def, usage)}
}
func (*flags) ExtraUsage() string   { return "" }
func (*flags) AddExtraUsage(string) {}

func (f *flags) Parse(func()) []string {
	f.SetOutput(io.Discard)
	if f.FlagSet.Parse(f.args) != nil {
		return nil
	}
	return f.Args()
}

// mostSamples bounds the stacks of pprof's pages: each request copies and sorts
// them.
const mostSamples = 8000

// forDriver prepares a profile for pprof: the stacks with the largest values, and the
// others as one, so that the sum stays. Names of files that pprof would look for are
// removed.
func forDriver(d *render.Drawing) (*profile.Profile, error) {
	d.Trim(mostSamples)
	p, err := d.Fold.Profile()
	if err != nil {
		return nil, err
	}
	p.DefaultSampleType, p.DocURL = d.Value, ""
	for _, m := range p.Mapping {
		m.File, m.BuildID, m.KernelRelocationSymbol = "", "", ""
	}
	return p, nil
}
