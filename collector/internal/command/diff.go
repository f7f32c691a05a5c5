package command

import (
	"context"
	"errors"
)

const diffEssay = `
holmes diff lists the functions that changed between two profiles, those that changed most first. Values of the first
are scaled to the time that the second covers, if both say it.

  holmes diff before.pb.gz after.pb.gz
  holmes diff -json <event>/heap.pb.gz <event>/heap-gc.pb.gz
` + whatEssay

func runDiff(ctx context.Context, std Std, args []string) error {
	v := &view{}
	s := newSettings("diff", diffEssay)
	v.set(s)
	s.args = "<before> <after>"
	s.flags.IntVar(&v.rows, "n", 30, "print so `many` functions; 0 is all")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() != 2 {
		return usageError{errors.New("holmes diff: two profiles are needed: that of before and that of after")}
	}
	before, err := v.one(ctx, s.flags.Args()[:1])
	if err != nil {
		return err
	}
	after, err := v.one(ctx, s.flags.Args()[1:])
	if err != nil {
		return err
	}
	d, err := v.drawing(after, before)
	if err != nil {
		return err
	}
	return v.print(std.Out, d)
}
