package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/go-holmes/holmes"

	"github.com/go-holmes/holmes/collector/api"
)

// version is this program's, and what it was built from, where that is known.
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

func printVersion(_ context.Context, std stdio, args []string) error {
	var asJSON bool
	s := newSettings("version", "holmes version says which version this is.")
	s.flags.BoolVar(&asJSON, "json", false, "print JSON")
	if err := s.parse(std, args); err != nil {
		return err
	}
	v := version()
	if asJSON {
		return printJSON(std.out, v)
	}
	_, err := fmt.Fprintln(std.out, "holmes", v.Version, v.Commit, v.BuildTime)
	return err
}
