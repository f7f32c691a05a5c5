// Command holmes-watch watches services from outside; see the README of its module.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-holmes/holmes/watch/internal/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := command.Run(ctx, command.Std{Out: os.Stdout, Err: os.Stderr}, os.Args[1:])
	stop()
	os.Exit(status)
}
