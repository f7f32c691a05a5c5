// Package race runs the race between the kernel's out-of-memory killer and holmes: a
// process leaks in a memory cgroup until it is killed, and the events that it has left on
// disk are judged.
package race

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-holmes/holmes"
	"github.com/go-holmes/holmes/diagnose"
	"github.com/go-holmes/holmes/internal/pprofread"
	"github.com/go-holmes/holmes/internal/realgroup"
)

// The memory limits of the groups in bytes.
const (
	usualLimit = 256 << 20
	sitesLimit = 160 << 20
)

// A Cell is one kind of race.
type Cell struct {
	Rate     int     // bytes a second
	Pointers bool    // nodes instead of byte slices
	Soft     bool    // GOMEMLIMIT is set, to nine tenths of the limit
	Cores    float64 // CPU quota, 0 for none
	Sites    bool    // the service has 131 072 allocation sites
}

// limit returns the memory limit of the group in bytes.
func (c Cell) limit() int {
	if c.Sites {
		return sitesLimit
	}
	return usualLimit
}

func (c Cell) String() string {
	kind := "byte slices"
	if c.Pointers {
		kind = "pointers"
	}
	name := fmt.Sprintf("%s, %d MB/s", kind, c.Rate/1e6)
	if c.Soft {
		name += ", GOMEMLIMIT"
	}
	if c.Cores > 0 {
		name += fmt.Sprintf(", %v cores", c.Cores)
	}
	if c.Sites {
		name += ", 131 072 allocation sites"
	}
	return name
}

// A Result is the result of one race.
type Result struct {
	Captured bool          // a whole heap profile in an event
	Share    float64       // of the leaking function in the in-use space of the best one
	Lasted   time.Duration // from the start of the process to its death
	Reason   string        // of the first event
}

// plan is the task of the child.
type plan struct {
	Cell
	Dir    string
	Groups []string
	Calm   time.Duration // before the leak
}

func parsePlan(text string) (p plan, err error) {
	err = json.Unmarshal([]byte(text), &p)
	return p, err
}

// calm is long enough for holmes to have started, and not a multiple of its
// interval.
const calm = 150 * time.Millisecond

// Run runs one race. It fails with an error that wraps [realgroup.ErrNone]
// where there are no control groups to run it in.
func Run(ctx context.Context, c Cell) (res Result, err error) {
	dir, err := os.MkdirTemp("", "holmes-oom-")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	groups, remove, err := makeGroups(c)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, remove()) }()
	begin := time.Now()
	if err := startChild(ctx, plan{Cell: c, Dir: dir, Groups: groups, Calm: calm}); err != nil {
		return res, err
	}
	res.Lasted = time.Since(begin)
	err = res.judge(dir)
	return res, err
}

func makeGroups(c Cell) (groups []string, remove func() error, err error) {
	remove = func() (err error) {
		for _, g := range groups {
			err = errors.Join(err, realgroup.Remove(g))
		}
		return err
	}
	memory, err := realgroup.Find("memory")
	if err != nil {
		return nil, remove, err
	}
	group, err := memory.Make()
	if err != nil {
		return nil, remove, err
	}
	groups = append(groups, group)
	if err = memory.LimitMemory(group, c.limit()); err != nil || c.Cores == 0 {
		return groups, remove, err
	}
	cpu, err := realgroup.Find("cpu")
	if err != nil {
		return groups, remove, err
	}
	if cpu.Mount != memory.Mount {
		if group, err = cpu.Make(); err != nil {
			return groups, remove, err
		}
		groups = append(groups, group)
	}
	return groups, remove, cpu.LimitCPU(group, c.Cores)
}

// startChild runs this program again with a plan, and waits for it to be
// killed.
func startChild(ctx context.Context, p plan) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	exe := os.Getenv(ProgramEnv)
	if exe == "" {
		if exe, err = os.Executable(); err != nil {
			return err
		}
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), Env+"="+string(text))
	if p.Soft {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOMEMLIMIT=%d", p.limit()/10*9))
	}
	out, err := cmd.CombinedOutput()
	if exit, failed := errors.AsType[*exec.ExitError](err); failed {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL && ctx.Err() == nil {
			return nil
		}
	}
	return fmt.Errorf("the process was not killed for memory: %w: %s", errors.Join(err, ctx.Err()), out)
}

// judge reads the events on disk.
func (r *Result) judge(dir string) error {
	events, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range events {
		if !d.IsDir() {
			continue
		}
		event := filepath.Join(dir, d.Name())
		if e, err := holmes.LoadEvent(event); err == nil && r.Reason == "" {
			r.Reason = e.Trigger.Sentence()
		}
		if err := r.judgeHeaps(event); err != nil {
			return err
		}
	}
	return nil
}

func (r *Result) judgeHeaps(event string) error {
	heaps, err := filepath.Glob(filepath.Join(event, "heap*.pb.gz"))
	if err != nil {
		return err
	}
	for _, path := range heaps {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p, err := diagnose.Parse(raw)
		if err != nil {
			return fmt.Errorf("%s is not whole: %w", filepath.Base(path), err)
		}
		r.Captured = true
		r.Share = max(r.Share, share(p))
	}
	return nil
}

// share is the part of the in-use space that the leaking functions hold.
func share(p *diagnose.Profile) float64 {
	var leaked, all float64
	for s := range p.Samples() {
		values := s.Values()
		v := float64(values[len(values)-1]) // inuse_space is the last one
		all += v
		if leaks(s) {
			leaked += v
		}
	}
	if all == 0 {
		return 0
	}
	return leaked / all
}

func leaks(s pprofread.Sample) bool {
	for f := range s.Frames() {
		if strings.Contains(f.Function, "race.(*heapOf).leak") {
			return true
		}
	}
	return false
}
