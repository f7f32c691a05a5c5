package supervise

import "context"

// A Background is a task that runs until another plan replaces it. One goroutine
// uses it.
type Background struct {
	plan any
	end  context.CancelFunc
}

// Follow starts the task of a plan, unless it is the present plan. The context of the
// previous task is canceled. If wanted is false, no task is started.
func (b *Background) Follow(s *Scope, name string, plan any, wanted bool, task func(context.Context)) {
	if b.plan == plan {
		return
	}
	if b.end != nil {
		b.end()
	}
	*b = Background{plan: plan}
	if !wanted {
		return
	}
	var ctx context.Context
	ctx, b.end = context.WithCancel(s.Ctx)
	s.Go(name, func() { task(ctx) })
}
