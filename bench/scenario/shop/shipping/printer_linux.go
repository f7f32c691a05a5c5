package shipping

import (
	"fmt"
	"os"
	"syscall"
)

// A Printer prints labels. The printer's own program reads them from a pipe
// with a name.
type Printer struct{ pipe string }

// NewPrinter makes the pipe.
func NewPrinter(pipe string) (*Printer, error) {
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		return nil, fmt.Errorf("shipping: %w", err)
	}
	return &Printer{pipe: pipe}, nil
}

// Print sends the label of a parcel.
func (p *Printer) Print(parcel int) error {
	f, err := os.OpenFile(p.pipe, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "PARCEL %d\n", parcel)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// Attend opens the pipe as the printer's own program does, until stop is called.
func (p *Printer) Attend() (stop func() error, err error) {
	f, err := os.OpenFile(p.pipe, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	return f.Close, nil
}
