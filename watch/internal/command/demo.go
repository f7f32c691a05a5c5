package command

import (
	"context"
	"flag"
	"os"

	"github.com/go-holmes/holmes/watch/internal/demo"
)

// serviceCommand runs a service of the demo in this process.
const serviceCommand = "__service"

func runDemo(ctx context.Context, s Std, args []string) error {
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	c := demo.Config{Out: s.Out, Err: s.Err, Service: serviceCommand}
	f.BoolVar(&c.Once, "once", false, "end when the event is there; the exit status is 0 only if it names the guilty function")
	f.StringVar(&c.Fault, "fault", "goroutine", "the `fault`: goroutine, heap, or cpu, which needs a machine that is not busy")
	f.StringVar(&c.Collector, "collector", "", "the `address` of a collector that gets the event; without one it is on disk only")
	f.StringVar(&c.Listen, "listen", "127.0.0.1:0", "the `address` of the page of targets")
	f.StringVar(&c.Data, "data", "", "the `directory` of events; the default is a new one that is removed at the end")
	if err := parse(s, f, args, 0); err != nil {
		return err
	}
	return demo.Run(ctx, c)
}

func runService(ctx context.Context, s Std, _ []string) error {
	return demo.Service(ctx, os.Stdin, s.Out)
}
