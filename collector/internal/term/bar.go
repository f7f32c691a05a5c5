package term

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// A Bar shows the progress of long work on a terminal, and nothing elsewhere.
type Bar struct{ bar *progressbar.ProgressBar }

// NewBar returns the bar of that many steps.
func NewBar(w io.Writer, steps int, what string) *Bar {
	f, ok := w.(*os.File)
	if !ok || steps < 2 {
		return &Bar{}
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &Bar{}
	}
	return &Bar{progressbar.NewOptions(steps, progressbar.OptionSetWriter(f), progressbar.OptionSetDescription(what),
		progressbar.OptionClearOnFinish(), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30))}
}

// Say changes the description.
func (b *Bar) Say(what string) {
	if b.bar != nil {
		b.bar.Describe(Plain(what))
	}
}

// Step counts a step that is done.
func (b *Bar) Step() {
	if b.bar != nil {
		_ = b.bar.Add(1) // a bar that cannot be drawn does not stop the work
	}
}

// End removes the bar.
func (b *Bar) End() {
	if b.bar != nil {
		_ = b.bar.Finish()
	}
}
