package supervise

import "context"

// A Background is a task that goes on until another plan replaces it. It belongs
// to one goroutine.
type Background struct {
	plan any
	end  context.CancelFunc
}

// Follow begins the task of a plan, unless the plan is the one under way. The
// task of the plan before is told to end. A plan that is not wanted has none.
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
