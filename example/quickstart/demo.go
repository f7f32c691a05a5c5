package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/reporters"
)

// memoryLimit stands for the limit of a small container. Nothing enforces it.
const memoryLimit = 512 << 20

// patience is how long a fault lasts at most.
const patience = 40 * time.Second

// A demo is one run. It belongs to one goroutine, for which time passes in
// tick alone.
type demo struct {
	options
	out     io.Writer
	holmes  *holmes.Holmes
	patient *patient
	began   time.Time
	second  *time.Ticker

	arrived []*holmes.Event // what the file reporter has brought, oldest first
	seen    map[string]bool // by ID, with what an earlier run has left there
}

// play sets the stage, plays, and clears it away.
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

	s, err := startService()
	if err != nil {
		return err
	}
	defer s.stop()
	v := newVisitor(s.url)
	defer v.leave()
	loaded, unload := context.WithCancel(ctx)
	var load sync.WaitGroup
	load.Go(func() { steadyLoad(loaded, v) })
	defer load.Wait()
	defer unload()

	d.patient = &patient{service: s, visitor: v}
	d.second = time.NewTicker(time.Second)
	defer d.second.Stop()
	return d.play(ctx)
}

// watched starts a holmes. This is all that a service needs.
func watched(evidence, delivered string, log *zap.Logger) (*holmes.Holmes, error) {
	file, err := reporters.NewFile(delivered)
	if err != nil {
		return nil, err
	}
	h, err := holmes.New(
		holmes.WithDumpPath(evidence),
		holmes.WithReporter(file),
		holmes.WithMemoryLimit(memoryLimit),
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

// play is the story: calm, the faults, and what came of them.
func (d *demo) play(ctx context.Context) error {
	d.say("service at %s, evidence in %s", d.patient.service.url, d.evidence())
	d.say("all is calm, while holmes learns what is normal: some 12 seconds")
	if err := d.learn(ctx); err != nil {
		return d.unless(ctx, err)
	}
	var failed []string
	for _, f := range d.faults {
		d.suffer(ctx, f)
		if ctx.Err() != nil && !d.once {
			return nil
		}
		if err := d.check(f); err != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", f.name, err))
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

// unless returns err, but nothing when somebody wanted the end.
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
