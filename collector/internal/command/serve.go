package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/collector/internal/serve"
)

const serveEssay = `
holmes serve keeps the profiles and events of a fleet in a directory, and finds, merges and compares them.

It takes whole events from holmes's HTTP reporter (POST /api/1/events), profiles as profefe does
(POST /api/0/profiles), and what Pyroscope's agents and Alloy send (POST /ingest, /push.v1.PusherService/Push):

  curl --data-binary @cpu.pb.gz 'http://127.0.0.1:10100/api/0/profiles?service=shop&type=cpu'
  go tool pprof 'http://127.0.0.1:10100/api/0/profiles/merge?service=shop&type=cpu&from=2026-01-02T15:00:00&to=2026-01-02T16:00:00'

People open it in a browser: http://127.0.0.1:10100/

Without tokens it listens on this machine alone. HOLMES_WRITE_TOKEN, HOLMES_READ_TOKEN and HOLMES_TRIGGER_TOKEN (or lines
write-token, read-token and trigger-token in the configuration file) let other machines in; a right without a token is then off.
They are sent as a bearer token, or as the password of basic authentication. -write-token-file and the like name files with
a token a line. Those files and the certificate are read again when they change, and after SIGHUP.

After SIGTERM requests under way may end in time (-drain). The directory belongs to one process; a copy is a backup.`

// serveFlags is the configuration of holmes serve.
type serveFlags struct {
	serve.Config
	logFormat string
	logLevel  zapcore.Level
}

func runServe(ctx context.Context, std Std, args []string) error {
	c, err := readServeFlags(std, args)
	if err != nil {
		return err
	}
	log := serve.NewLogger(std.Err, c.logFormat == "json", c.logLevel)
	defer func() { _ = log.Sync() }()
	if err := giveHome(c.Data); err != nil {
		return fmt.Errorf("holmes serve: %w", err)
	}
	c.Version = version()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	c.Reload = hangups
	return c.Run(ctx, log)
}

// giveHome gives the process a home directory if it has none, as in many
// containers. pprof's pages ask for it, and never open it.
func giveHome(dir string) error {
	if _, err := os.UserConfigDir(); err == nil {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	return os.Setenv("HOME", dir)
}

func readServeFlags(std Std, args []string) (*serveFlags, error) {
	var hosts string
	c := &serveFlags{Config: serve.Default(), logLevel: zapcore.InfoLevel}
	s := newSettings("serve", serveEssay)
	s.flags.StringVar(&c.Addr, "addr", c.Addr, "listen on `host:port`")
	s.flags.StringVar(&c.Data, "data", c.Data, "keep everything in this `directory`")
	s.flags.Var(&c.MaxBytes, "max-bytes", "remove the oldest above this `size`, profiles before events; 0 is no bound but the disk's")
	s.flags.Var(&c.KeepFree, "keep-free", "leave this `size` of the disk free, or 5 % if that is less; 0 refuses uploads when it is full")
	s.flags.Var(&c.Quotas, "quota", "remove the oldest of a service above its `service=size,...`; * is each other service")
	s.flags.Var(&c.RollupBytes, "max-rollups", "remove the oldest roll-ups above this `size`, which comes on top; 0 is none")
	s.flags.Var(&c.HourAge, "rollup-hours", "remove the roll-ups of hours after this `age`, whether their profiles still exist or not")
	s.flags.Var(&c.DayAge, "rollup-days", "the same of days, after this `age`")
	s.flags.Var(&c.MaxAge, "max-age", "remove continuous profiles that arrived longer ago than this `age`; 0 keeps them")
	s.flags.Var(&c.EventAge, "event-age", "remove events that arrived longer ago than this `age`; 0 keeps them")
	s.flags.Var(&c.Scrub, "scrub", "read each upload again within this `age`, to find damage; 0 is never")
	s.flags.Var(&c.ProfileBytes, "max-profile", "refuse a single profile above this `size`")
	s.flags.Var(&c.TraceBytes, "max-trace", "refuse an execution trace above this `size`")
	s.flags.Var(&c.EventBytes, "max-event", "refuse a whole event above this `size`")
	s.flags.DurationVar(&c.Drain, "drain", c.Drain, "let requests under way go on for this `duration` after SIGTERM")
	s.flags.StringVar(&c.TLSCert, "tls-cert", "", "show the certificate in this `file` (PEM)")
	s.flags.StringVar(&c.TLSKey, "tls-key", "", "the certificate's key, a `file` (PEM)")
	s.flags.StringVar(&c.ProbeAddr, "probe-addr", "", "answer health checks and /metrics on this `host:port`, too, without a token and without TLS")
	s.flags.StringVar(&c.TokenFiles.Write, "write-token-file", "", "take tokens for writing from this `file`, one a line; \"service=shop TOKEN\" is for that service alone")
	s.flags.StringVar(&c.TokenFiles.Read, "read-token-file", "", "take tokens for reading from this `file`")
	s.flags.StringVar(&c.TokenFiles.Trigger, "trigger-token-file", "", "take tokens for triggering from this `file`")
	s.flags.StringVar(&hosts, "hosts", "", "a proxy shows the server under these `names`, separated by commas")
	s.flags.StringVar(&c.Prefix, "prefix", "", "a proxy shows the server below this `path`")
	s.flags.IntVar(&c.Drawings, "drawings", c.Drawings, "draw so `many` pictures at the same time, and as many merges; each may take 350 MB")
	s.flags.Var(&c.AccessLog, "access-log", "log requests: `sampled`, all or off")
	s.flags.BoolVar(&c.Watch, "watch", c.Watch, "let holmes watch this process; its events are those of service holmes-collector")
	s.flags.StringVar(&c.Module, "module", "", "show code of the modules below this `path` as the fleet's own")
	s.flags.BoolVar(&c.Rebuild, "rebuild", false, "rebuild the index from the files, then serve")
	s.flags.StringVar(&c.logFormat, "log-format", "console", "log as `console` text or json")
	s.flags.TextVar(&c.logLevel, "log-level", c.logLevel, "log from this `level`: debug, info, warn or error")
	s.secret(&c.Tokens.Write, "write-token")
	s.secret(&c.Tokens.Read, "read-token")
	s.secret(&c.Tokens.Trigger, "trigger-token")
	if err := s.parse(std, args); err != nil {
		return nil, err
	}
	if c.logFormat != "console" && c.logFormat != "json" {
		return nil, usageError{fmt.Errorf("holmes serve: log-format %q is neither console nor json", c.logFormat)}
	}
	c.Hosts = strings.FieldsFunc(hosts, func(r rune) bool { return r == ',' || r == ' ' })
	if c.Drawings < 1 {
		return nil, usageError{fmt.Errorf("holmes serve: -drawings: %d is below 1", c.Drawings)}
	}
	if c.Prefix != "" && c.Prefix[0] != '/' {
		return nil, usageError{fmt.Errorf("holmes serve: -prefix: %q does not begin with /", c.Prefix)}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return nil, usageError{errors.New("holmes serve: -tls-cert and -tls-key go together")}
	}
	return c, nil
}
