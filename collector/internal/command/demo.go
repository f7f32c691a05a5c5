package command

import (
	"context"
	"errors"

	"github.com/go-holmes/holmes/collector/internal/demo"
)

const demoEssay = `
holmes demo starts a collector, and beside it a service with the library in it. After a calm phase it injects three faults,
one after the other: CPU, goroutines, a leak. It prints each event as it comes in, and at the end the address of the pages.
With -once it ends by itself, with status 0 if all three were captured, are stored at the collector and name the guilty
function.`

func runDemo(ctx context.Context, std Std, args []string) error {
	c := demo.Config{Version: version(), Out: std.Out, Err: std.Err}
	s := newSettings("demo", demoEssay)
	s.flags.BoolVar(&c.Once, "once", false, "end when all three are through")
	s.flags.StringVar(&c.Addr, "addr", "127.0.0.1:0", "let the collector listen on `host:port`; port 0 is any that is free")
	s.flags.StringVar(&c.Data, "data", "", "keep everything in this `directory`; the default is a new one that is removed at the end")
	s.flags.BoolVar(&c.JSON, "json", false, "print events as JSON, one a line")
	if err := s.parse(std, args); err != nil {
		return err
	}
	return demo.Run(ctx, c)
}

// runTarget is the process that the demo injects faults into.
func runTarget(ctx context.Context, std Std, args []string) error {
	if len(args) != 2 {
		return usageError{errors.New("holmes: this is a part of holmes demo")}
	}
	return demo.RunTarget(ctx, std.In, std.Out, args[0], args[1])
}
