package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/example/shop"
	"github.com/go-holmes/holmes/reporters"
)

// memoryLimit is that of a small container. Nothing enforces it.
const memoryLimit = 512 << 20

// faultLimit is how long a fault lasts at most.
const faultLimit = 40 * time.Second

// A demo is one run. It belongs to one goroutine, which waits in tick only.
type demo struct {
	options
	out    io.Writer
	holmes *holmes.Holmes
	shop   *shop.Shop
	began  time.Time
	second *time.Ticker

	arrived []*holmes.Event // delivered by the file reporter, oldest first
	seen    map[string]bool // IDs, those left by an earlier run included
}

// play starts holmes and the shop, runs the demo, and stops both.
func play(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "holmes-quickstart-"); err != nil {
			return err
		}
	}
	d := &demo{options: o, out: stdout, began: time.Now(), seen: map[string]bool{}}
	d.news()
	if d.holmes, err = watched(d.evidence(), d.delivered(), logger(stderr)); err != nil {
		return err
	}
	defer d.holmes.Stop()

	if d.shop, err = shop.Open(); err != nil {
		return err
	}
	defer d.shop.Close()
	d.second = time.NewTicker(time.Second)
	defer d.second.Stop()
	return d.play(ctx)
}

// watched starts a holmes. A service needs no more code than this, and Stop.
func watched(evidence, delivered string, log *zap.Logger) (*holmes.Holmes, error) {
	file, err := reporters.NewFile(delivered)
	if err != nil {
		return nil, err
	}
	h, err := holmes.New(
		holmes.WithDumpPath(evidence),
		holmes.WithReporter(file),
		holmes.WithMemoryLimit(memoryLimit),
		holmes.WithGrace(0), // the faults begin within a minute; a service leaves this out
		holmes.WithDailyBudget(100),
		holmes.WithLogger(log.Sugar()),
	)
	if err != nil {
		return nil, err
	}
	if err := h.Start(); err != nil {
		return nil, err
	}
	return h, nil
}

func (d *demo) evidence() string  { return filepath.Join(d.dir, "evidence") }
func (d *demo) delivered() string { return filepath.Join(d.dir, "delivered") }

// play is the calm phase, the faults, and the result.
func (d *demo) play(ctx context.Context) error {
	d.say("service at %s, evidence in %s", d.shop.URL(), d.evidence())
	d.say("all is calm, while holmes learns what is normal: about 12 seconds")
	if err := d.learn(ctx); err != nil {
		return d.unless(ctx, err)
	}
	var failed []string
	for _, f := range d.faults {
		if err := d.inject(ctx, f); err != nil {
			return err
		}
		if ctx.Err() != nil && !d.once {
			return nil
		}
		if err := d.check(f); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", f.Name, err))
		}
	}
	if !d.once {
		d.say("the service runs on, until Ctrl-C")
		for d.tick(ctx) {
		}
		return nil
	}
	return d.verdict(failed)
}

// unless returns err, and nil if the demo was interrupted.
func (d *demo) unless(ctx context.Context, err error) error {
	if ctx.Err() != nil && !d.once {
		return nil
	}
	return err
}

func logger(w io.Writer) *zap.Logger {
	config := zap.NewDevelopmentEncoderConfig()
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(config), zapcore.AddSync(w), zap.InfoLevel))
}
