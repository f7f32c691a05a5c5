// Agentless pushes profiles of a service that has no holmes in it to where
// holmes sends its evidence. It fetches them from the service's net/http/pprof,
// or takes those that something else has fetched, and is made to be run by cron:
//
//	*/5 * * * *  agentless -service shop -to profefe=http://localhost:10100
//
// It is no substitute for holmes in the process, which is there when something
// happens. See -help, and the README beside this file.
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the program: 0 when every receiver has all profiles, 1 when something
// was not fetched or not delivered, 2 when it was called wrongly. Everything
// that it starts has ended when it returns.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stderr io.Writer) int {
	o, err := parse(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	log := logger(stderr, o.quiet)
	defer func() { _ = log.Sync() }() // it writes at once, there is nothing to lose
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	e, missing := collect(ctx, o, stdin)
	for _, err := range missing {
		log.Errorf("not there: %v", err)
	}
	if len(e.Profiles) == 0 {
		return 1
	}
	log.Infof("event %s: %d profiles", e.ID, len(e.Profiles))
	if !push(ctx, o.to, e, log) || len(missing) > 0 {
		return 1
	}
	return 0
}

// logger writes lines that cron mails and people read.
func logger(to io.Writer, quiet bool) *zap.SugaredLogger {
	form := zap.NewProductionEncoderConfig()
	form.EncodeTime = zapcore.RFC3339TimeEncoder
	form.EncodeLevel = zapcore.CapitalLevelEncoder
	level := zapcore.InfoLevel
	if quiet {
		level = zapcore.ErrorLevel
	}
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(form), zapcore.Lock(zapcore.AddSync(to)), level)).Sugar()
}
