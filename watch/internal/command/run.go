package command

import (
	"context"
	"flag"
	"fmt"

	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/watch/internal/client"
	"github.com/go-holmes/holmes/watch/internal/config"
	"github.com/go-holmes/holmes/watch/internal/deliver"
	"github.com/go-holmes/holmes/watch/internal/serve"
)

func runRun(ctx context.Context, s Std, args []string) error {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	file := f.String("config", "holmes-watch.yml", "the configuration `file`")
	verbose := f.Bool("v", false, "log details")
	if err := parse(s, f, args, 0); err != nil {
		return err
	}
	c, err := config.Load(*file)
	if err != nil {
		return err
	}
	level := zapcore.InfoLevel
	if *verbose {
		level = zapcore.DebugLevel
	}
	return serve.Run(ctx, c, serve.Options{}, logger(s.Err, level))
}

func runCheck(_ context.Context, s Std, args []string) error {
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	if err := parse(s, f, args, 1); err != nil {
		return err
	}
	if f.NArg() != 1 {
		return usageError{fmt.Errorf("holmes-watch check: a configuration file is needed")}
	}
	c, err := config.Load(f.Arg(0))
	if err != nil {
		return err
	}
	to, err := deliver.Reporters(c)
	if err != nil {
		return err
	}
	for _, j := range c.Jobs {
		cl, err := client.New(j, &c.Networks)
		if err != nil {
			return err
		}
		cl.Close()
	}
	_, err = fmt.Fprintf(s.Out, "%s is valid: jobs %d, receivers %d\n", f.Arg(0), len(c.Jobs), len(to))
	return err
}
