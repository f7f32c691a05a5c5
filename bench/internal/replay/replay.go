// Package replay lets holmes judge recorded series: the very code that judges
// readings in a service, with its warm-up, hold, edge, back-off and budget, on
// synthetic time.
//
// That code is not exported. So a file of this package, testdata/replay_test.go,
// is compiled into the tests of the root package, with go test -overlay, and
// run as a process.
package replay

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/go-holmes/holmes"
)

// A Config is a signal's default rule and what is changed of it.
type Config struct {
	Signal   holmes.Signal
	Interval time.Duration
	// Classic is [holmes.WithClassicRules].
	Classic bool
	// Rule and Slow are fields of [holmes.Threshold], by name, that replace
	// those of the default rules.
	Rule, Slow map[string]any
	// Window and Hold replace those of the rule, in samples.
	Window, Hold int
	// Budget is [holmes.WithDailyBudget].
	Budget int
}

// A Capture is an event that was confirmed, in indices of the series.
type Capture struct {
	// Suspected is the first suspicious sample, Confirmed when the rule had held.
	Suspected, Confirmed int
	// Code is why; see [holmes.Reason].
	Code string
}

// An Engine judges series.
type Engine struct {
	root, dir, exe string
}

// New builds an engine of the holmes whose source is in root. Close removes
// it.
func New(ctx context.Context, root string) (e *Engine, err error) {
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "holmes-replay-")
	if err != nil {
		return nil, err
	}
	e = &Engine{root: root, dir: dir, exe: filepath.Join(dir, "replay.test")}
	if err := e.build(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Close removes the engine.
func (e *Engine) Close() error { return os.RemoveAll(e.dir) }

func (e *Engine) build(ctx context.Context) error {
	inside := filepath.Join(e.root, "bench", "internal", "replay", "testdata", "replay_test.go")
	overlay, err := json.Marshal(map[string]any{
		"Replace": map[string]string{filepath.Join(e.root, "replay_overlay_test.go"): inside},
	})
	if err != nil {
		return err
	}
	list := filepath.Join(e.dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", list, "-o", e.exe, ".")
	cmd.Dir = e.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the replay: %w\n%s", err, out)
	}
	return nil
}

// wire is a Config as the process gets it.
type wire struct {
	Signal       string
	Interval     time.Duration
	Classic      bool
	Rule, Slow   []byte
	Window, Hold int
	Budget       int
}

// Run judges every series by every config. The answer is in their order:
// captures[config][series].
func (e *Engine) Run(ctx context.Context, configs []Config, series [][]float64) (captures [][][]Capture, err error) {
	request := struct {
		Configs []wire
		Series  [][]float64
	}{Series: series}
	for _, c := range configs {
		w := wire{string(c.Signal), c.Interval, c.Classic, nil, nil, c.Window, c.Hold, c.Budget}
		if w.Rule, err = fields(c.Rule); err != nil {
			return nil, err
		}
		if w.Slow, err = fields(c.Slow); err != nil {
			return nil, err
		}
		request.Configs = append(request.Configs, w)
	}
	var buf bytes.Buffer
	if err := gob.NewEncoder(&buf).Encode(request); err != nil {
		return nil, err
	}
	raw, err := e.ask(ctx, buf.Bytes())
	if err != nil {
		return nil, err
	}
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&captures); err != nil {
		return nil, fmt.Errorf("the replay's answer: %w", err)
	}
	return captures, nil
}

func fields(of map[string]any) ([]byte, error) {
	if of == nil {
		return nil, nil
	}
	return json.Marshal(of)
}

// ask runs the process on a file, which holds the answer afterwards.
func (e *Engine) ask(ctx context.Context, request []byte) (answer []byte, err error) {
	f, err := os.CreateTemp(e.dir, "request")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	_, err = f.Write(request)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, e.exe, "-test.run=^TestReplay$")
	cmd.Dir = e.root
	cmd.Env = append(os.Environ(), "HOLMES_REPLAY="+f.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("the replay: %w\n%s", err, out)
	}
	return os.ReadFile(f.Name())
}
