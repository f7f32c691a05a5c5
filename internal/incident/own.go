package incident

import (
	"runtime/debug"

	"github.com/go-holmes/holmes/diagnose"
)

// develVersion is the version of a module that was built from its own folder.
const develVersion = "(devel)"

// OwnCode returns which code is the application's, according to the build information
// of the program.
//
// A program that was built by the names of its files has no main module there, but the
// module of these files among its dependencies, without a version; so are the modules
// of a workspace. Bazel and GOPATH builds have no modules at all.
func OwnCode() (o diagnose.Options) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	o.Module = info.Main.Path
	for _, dep := range info.Deps {
		switch {
		case dep.Version != develVersion || dep.Replace != nil:
			o.Modules = append(o.Modules, dep.Path)
		case o.Module == "":
			o.Module = dep.Path
		default:
			o.Own = append(o.Own, dep.Path)
		}
	}
	o.ByFile = o.Module == ""
	return o
}
