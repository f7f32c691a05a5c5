// Agentless pushes profiles of a service that does not use holmes to the receivers of
// holmes. It fetches them from the service's net/http/pprof, or takes files that another
// program has fetched, and is meant to be run by cron:
//
//	*/5 * * * *  agentless -service shop -to profefe=http://localhost:10100
//
// It does not replace holmes in the process, which records when something happens. See
// -help, and the README beside this file.
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

// run is the program. It returns 0 when every receiver has all profiles, 1 when a profile
// was not fetched or not delivered, 2 for wrong arguments. All its goroutines have ended
// when it returns.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stderr io.Writer) int {
	o, err := parse(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	log := logger(stderr, o.quiet)
	defer func() { _ = log.Sync() }() // it does not buffer
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	e, missing := collect(ctx, o, stdin)
	for _, err := range missing {
		log.Errorf("missing: %v", err)
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

// logger writes lines for people, which cron mails.
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
