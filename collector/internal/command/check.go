package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-holmes/holmes/collector/files"
)

const checkEssay = `
holmes check reads all uploads in the directory of a collector, which may be running, and lists the damaged ones: their ID,
service, file and path. It changes nothing. A running collector finds them by itself (-scrub) and moves them to damaged/.

  holmes check /var/lib/holmes

The exit status is 1 if there is damage.`

func runCheck(ctx context.Context, std Std, args []string) error {
	s := newSettings("check", checkEssay)
	s.args = "<directory>"
	asJSON := s.flags.Bool("json", false, "print JSON, an object a line")
	if err := s.parse(std, args); err != nil {
		return err
	}
	if s.flags.NArg() != 1 {
		return usageError{errors.New("holmes check: one directory is needed; see holmes check -help")}
	}
	damaged := 0
	uploads, err := files.Check(ctx, s.flags.Arg(0), func(d files.Damage) {
		damaged++
		if *asJSON {
			_ = json.NewEncoder(std.Out).Encode(map[string]string{ // a pipe that is closed ends the process
				"id": d.ID, "file": d.File, "service": d.Service, "path": d.Path, "error": d.Err.Error(),
			})
			return
		}
		fmt.Fprintf(std.Out, "%s: upload %s of service %s, %s: %v\n",
			d.Path, d.ID, cmp.Or(d.Service, "(unknown)"), cmp.Or(d.File, "its record"), d.Err)
	}, nil)
	if err != nil {
		return err
	}
	if damaged > 0 {
		return fmt.Errorf("holmes check: %d damaged, of %d uploads", damaged, uploads)
	}
	if !*asJSON {
		fmt.Fprintf(std.Out, "%d uploads, none damaged\n", uploads)
	}
	return nil
}
