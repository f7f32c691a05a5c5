// Package demo is holmes-watch demo: three services without holmes in processes of their
// own, a fault in one of them, and the event that holmes-watch captures from outside.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-holmes/holmes/event"
	"github.com/go-holmes/holmes/example/shop"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/serve"
)

// A Config says how a demo runs.
type Config struct {
	Once      bool   // end after the event; an error says what is wrong with it
	Fault     string // of the shop
	Collector string // address, "" for none
	Listen    string // address of the page of targets
	Data      string // directory of events, "" is a new one that is removed at the end
	Service   string // the command of this program that is [Service]
	Out, Err  io.Writer
}

// limit is the time for the fault and its event, and calmLimit that for the calm before.
const limit, calmLimit = 100 * time.Second, 60 * time.Second

// names returns the names of the services. The first one gets the fault.
func names() []string { return []string{"shop", "cart", "search"} }

// Run runs the demo until ctx is done, or until its end with [Config.Once].
func Run(ctx context.Context, c Config) (err error) {
	fault, err := faultOf(c.Fault)
	if err != nil {
		return err
	}
	if c.Data == "" {
		if c.Data, err = os.MkdirTemp("", "holmes-watch-demo-"); err != nil {
			return fmt.Errorf("holmes-watch demo: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(c.Data)) }()
	}
	c.Err = zapcore.Lock(zapcore.AddSync(c.Err)) // all services and holmes-watch write to it
	d := &demo{Config: c, fault: fault, events: make(chan *event.Event, 16)}
	defer func() { err = errors.Join(err, d.stop()) }()
	for _, name := range names() {
		p, err := start(ctx, name, c.Service, c.Err)
		if err != nil {
			return err
		}
		d.services = append(d.services, p)
	}
	return d.watch(ctx)
}

func faultOf(name string) (shop.Fault, error) {
	for _, f := range shop.Faults() {
		if f.Name == name {
			return f, nil
		}
	}
	return shop.Fault{}, fmt.Errorf("holmes-watch demo: there is no fault %q", name)
}

// A demo is one run.
type demo struct {
	Config
	fault    shop.Fault
	services []*process
	events   chan *event.Event // that were delivered
	page     string
}

func (d *demo) stop() (err error) {
	for _, p := range d.services {
		err = errors.Join(err, p.stop())
	}
	return err
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.Out, format+"\n", args...) }

// watch runs holmes-watch in this process, and the play beside it.
func (d *demo) watch(ctx context.Context) error {
	c, err := config.Parse([]byte(d.file()))
	if err != nil {
		return err
	}
	log := zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), zapcore.AddSync(d.Err), zapcore.ErrorLevel))
	running, end := context.WithCancel(ctx)
	defer end()
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- serve.Run(running, c, serve.Options{
			Ready: func(a net.Addr) { ready <- a.String() }, Reporters: []event.Reporter{witness{d.events}},
		}, log)
	}()
	select {
	case d.page = <-ready:
	case err := <-ended:
		return err
	}
	err = d.play(ctx)
	end()
	return errors.Join(err, <-ended)
}

// file returns the configuration. Short times and rules make the demo end soon.
func (d *demo) file() string {
	var out strings.Builder
	fmt.Fprintf(&out, "listen: %q\ndata: %q\n", d.Listen, filepath.Join(d.Data, "events"))
	if d.Collector != "" {
		fmt.Fprintf(&out, "collector: %q\n", d.Collector)
	}
	out.WriteString("capture: {seconds: 5s, grace: 0s}\nscrape_configs:\n")
	for _, p := range d.services {
		fmt.Fprintf(&out, "- job_name: %s\n  scrape_interval: 1s\n  own_modules: [github.com/go-holmes/holmes]\n  static_configs: [{targets: [%q]}]\n", p.name, p.address)
	}
	return out.String()
}

// play is the calm phase, the fault, and the event.
func (d *demo) play(ctx context.Context) error {
	faulty := d.services[0]
	d.say("Three services without holmes are watched from outside. Their state: http://%s", d.page)
	d.say("All is calm, while holmes-watch learns what is normal.")
	if err := d.awaitBaseline(ctx); err != nil {
		return err
	}
	d.say("\nA fault in %s: %s. %s is guilty.", faulty.name, d.fault.Title, d.fault.Guilty)
	if err := faulty.inject(d.fault.Name); err != nil {
		return err
	}
	e, err := d.await(ctx)
	if ended := faulty.inject(""); ended != nil {
		return errors.Join(err, ended)
	}
	if err != nil {
		return err
	}
	if err := d.check(e); err != nil {
		return fmt.Errorf("holmes-watch demo: %w", err)
	}
	d.say("It was captured, is stored, and names the guilty function.")
	if d.Once {
		return nil
	}
	d.say("The services and holmes-watch go on until Ctrl-C.")
	<-ctx.Done()
	return nil
}
