// Command holmes is the collector of a fleet's evidence, and the tools to look at
// it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-holmes/holmes/collector/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, command.Std{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv}, os.Args[1:])
	stop()
	os.Exit(code)
}
