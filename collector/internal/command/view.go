package command

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/source"
)

const whatEssay = `
A profile is named by a file here, by an event (<event>, or <event>/<file>), or by its ID. Without a name, those that
-service, -type, -labels, -from and -to find are added up.`

// A view is the flags that top, diff and flame share.
type view struct {
	location
	window
	sample, module, search, focus string
	rows                          int
}

func (v *view) set(s *settings) {
	v.location.set(s)
	v.window.set(s)
	s.flags.StringVar(&v.sample, "sample", "", "show the values of this `name`, such as alloc_space")
	s.flags.StringVar(&v.module, "module", "", "code of the modules below this `path` is our own")
	s.args = "[profile]"
}

// one returns the profile that the arguments or the flags name.
func (v *view) one(ctx context.Context, names []string) (*profile.Profile, error) {
	if len(names) == 1 {
		return source.Find(ctx, v.open, v.kind, names[0])
	}
	if v.service == "" || v.kind == "" {
		return nil, usageError{errors.New("holmes: which profile: name one, or give -service and -type")}
	}
	q, err := v.query()
	if err != nil {
		return nil, err
	}
	src, err := v.open()
	if err != nil {
		return nil, err
	}
	r, err := src.Merged(ctx, q)
	p, err := source.Decode("the merged profile", r, err)
	if collector.CodeOf(err) == collector.Unsupported {
		return nil, usageError{err}
	}
	return p, err
}

// A pair is one profile, or two that are compared.
type pair struct {
	after, before *profile.Profile
	index, base   int
}

func (v *view) pair(after, before *profile.Profile) (p *pair, err error) {
	p = &pair{after: after, before: before}
	if p.index, err = flame.Index(after, v.sample); err != nil {
		return nil, usageError{err}
	}
	if before != nil {
		if p.base, err = flame.Index(before, after.SampleType[p.index].Type); err != nil {
			return nil, fmt.Errorf("holmes: these are different kinds of profile: %w", err)
		}
	}
	return p, nil
}

func (p *pair) stacks() iter.Seq[flame.Stack] {
	if p.before == nil {
		return flame.Stacks(p.after, p.index)
	}
	scale := 1.0
	if p.after.DurationNanos > 0 && p.before.DurationNanos > 0 {
		scale = float64(p.after.DurationNanos) / float64(p.before.DurationNanos)
	}
	return flame.Difference(p.after, p.before, p.index, p.base, scale)
}

func (p *pair) options(v *view) flame.Options {
	t := p.after.SampleType[p.index]
	return flame.Options{Title: t.Type, Unit: t.Unit, Diff: p.before != nil, Module: v.module, Search: v.search, Focus: v.focus}
}
