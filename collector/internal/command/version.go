package command

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/internal/term"
)

// version is the version of this program, with its commit if that is known.
func version() api.Version {
	v := api.Version{Version: holmes.Version}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				v.Commit = s.Value
			case "vcs.time":
				v.BuildTime = s.Value
			}
		}
	}
	return v
}

func runVersion(_ context.Context, std Std, args []string) error {
	var asJSON bool
	s := newSettings("version", "holmes version prints the version.")
	s.flags.BoolVar(&asJSON, "json", false, "print JSON")
	if err := s.parse(std, args); err != nil {
		return err
	}
	v := version()
	if asJSON {
		return term.JSON(std.Out, v)
	}
	_, err := fmt.Fprintln(std.Out, strings.TrimRight(fmt.Sprintln("holmes", v.Version, v.Commit, v.BuildTime), " \n"))
	return err
}
