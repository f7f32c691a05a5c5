package command

import (
	"context"
	"errors"

	"github.com/google/pprof/profile"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/flame"
	"github.com/go-holmes/holmes/collector/internal/render"
	"github.com/go-holmes/holmes/collector/internal/source"
	"github.com/go-holmes/holmes/collector/merge"
)

const whatEssay = `
A profile is named by a file here, by an event (<event>, or <event>/<file>), or by its ID. Without a name, it is made of
those that -service, -type, -labels, -match, -from and -to find: flows such as CPU time are added up, of snapshots such as the
heap it is the mean over time of each instance.`

// A view is the flags that top, diff and flame share.
type view struct {
	location
	window
	sample, module, search, focus string
	over, instances               string
	rows                          int
}

func (v *view) set(s *settings) {
	v.location.set(s)
	v.window.set(s)
	s.flags.StringVar(&v.sample, "value", "", "show the values of this `name`, such as alloc_space")
	s.flags.StringVar(&v.sample, "sample", "", "the same as -value, whose `name` it was")
	s.flags.StringVar(&v.module, "module", "", "code of the modules below this `path` is our own")
	s.flags.StringVar(&v.over, "over", "", "over time: `total`, rate (per second) or latest (snapshot)")
	s.flags.StringVar(&v.instances, "instances", "", "over instances: their `sum`, or mean")
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
	if _, err := merge.ParseView(v.over, v.instances); err != nil {
		return nil, usageError{err}
	}
	q, err := v.query()
	if err != nil {
		return nil, err
	}
	src, err := v.open()
	if err != nil {
		return nil, err
	}
	r, err := src.Merged(ctx, q, v.over, v.instances)
	p, err := source.Decode("the merged profile", r, err)
	if collector.CodeOf(err) == collector.Unsupported {
		return nil, usageError{err}
	}
	return p, err
}

// drawing returns one profile, or the difference of two.
func (v *view) drawing(after, before *profile.Profile) (*render.Drawing, error) {
	f, err := merge.FoldOf(after)
	if err != nil {
		return nil, err
	}
	var base *merge.Fold
	if before != nil {
		if base, err = merge.FoldOf(before); err != nil {
			return nil, err
		}
	}
	d, err := render.NewDrawing(f, base, v.sample, render.Balanced)
	if collector.CodeOf(err) == collector.Invalid {
		return nil, usageError{err}
	}
	return d, err
}

func (v *view) options(d *render.Drawing) flame.Options {
	o := d.Options()
	o.Module, o.Search, o.Focus = v.module, v.search, v.focus
	return o
}
