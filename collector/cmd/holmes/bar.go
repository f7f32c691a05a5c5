package main

import (
	"os"

	"github.com/schollz/progressbar/v3"
)

// A bar shows how far long work has come, where somebody is watching.
type bar struct{ *progressbar.ProgressBar }

func newBar(std stdio, steps int, what string) *bar {
	f, ok := std.err.(*os.File)
	if !ok || steps < 2 {
		return &bar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &bar{}
	}
	return &bar{progressbar.NewOptions(steps, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30))}
}

func (b *bar) say(what string) {
	if b.ProgressBar != nil {
		b.Describe(plain(what))
	}
}

func (b *bar) step() {
	if b.ProgressBar != nil {
		_ = b.Add(1) // that it cannot be seen is no reason to stop
	}
}

func (b *bar) end() {
	if b.ProgressBar != nil {
		_ = b.Finish()
	}
}
