package diagnose

import (
	"slices"
	"strings"
)

// An origin is the owner of a function's code.
type origin uint8

const (
	originNone    origin = iota // no symbol, the runtime's own work, or C
	originStd                   // standard library
	originHolmes                // this library
	originForeign               // a third party's module
	originOwn                   // the application's
)

// self is this module. Its example programs and tests are not code of the library.
const self = "github.com/go-holmes/holmes"

// origin returns the owner of the code of a function, which was compiled from file.
func (o Options) origin(function, file string) origin {
	pkg := packageOf(function)
	first, _, _ := strings.Cut(pkg, "/")
	switch {
	case pkg == "", pkg == "runtime", strings.HasPrefix(pkg, "runtime/internal/"), strings.HasPrefix(pkg, "internal/runtime/"):
		return originNone
	case isSelf(pkg), isRecording(function):
		return originHolmes
	case pkg == "main", o.owns(strings.TrimSuffix(pkg, "_test")):
		return originOwn
	case !strings.Contains(first, "."):
		return originStd
	case o.ByFile && file != "" && !isImported(file) && !slices.ContainsFunc(o.Modules, func(m string) bool { return under(pkg, m) }):
		return originOwn
	default:
		return originForeign
	}
}

// isImported reports whether a file is from a module cache, a vendor folder or an
// external repository of Bazel.
func isImported(file string) bool {
	return strings.Contains(file, "@v") || strings.Contains("/"+file, "/vendor/") || strings.HasPrefix(file, "external/")
}

// owns reports whether a package is of one of the application's modules or of a
// related one.
func (o Options) owns(pkg string) bool {
	if slices.ContainsFunc(o.Own, func(path string) bool { return under(pkg, path) }) {
		return true
	}
	if o.Module == "" {
		return false
	}
	if under(pkg, o.Module) {
		return true
	}
	for _, m := range o.Modules {
		if under(pkg, m) && under(m, organisation(o.Module)) {
			return true
		}
	}
	return false
}

// organisation is the common prefix of the modules of one owner: github.com/acme for
// github.com/acme/shop, acme.dev for acme.dev/shop.
func organisation(module string) string {
	elements := strings.SplitN(module, "/", 4)
	n := 1
	if len(elements) > 2 {
		n = 2
	}
	return strings.Join(elements[:n], "/")
}

// isRecording reports whether the standard library starts a goroutine with that
// function to record a CPU profile or a trace. Such goroutines are not work of the
// application.
func isRecording(function string) bool {
	return function == "runtime/pprof.profileWriter" ||
		strings.HasPrefix(function, "runtime/trace.(*traceMultiplexer).startLocked.")
}

func isSelf(pkg string) bool {
	below, ok := strings.CutPrefix(pkg, self)
	if !ok || below == "" {
		return ok
	}
	room, _, _ := strings.Cut(below[1:], "/")
	switch room {
	case "cgroup", "detect", "diagnose", "dump", "event", "handler", "internal", "reporters":
		return below[0] == '/'
	default:
		return false
	}
}

// under reports whether pkg is dir or a package below it.
func under(pkg, dir string) bool {
	rest, ok := strings.CutPrefix(pkg, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// packageOf returns the package path of a qualified function name, and "" for
// a name that has none, as those of C and assembly functions.
func packageOf(function string) string {
	// Type arguments hold slashes and dots of their own.
	function, _, _ = strings.Cut(function, "[")
	dir := strings.LastIndexByte(function, '/') + 1
	elem, _, qualified := strings.Cut(function[dir:], ".")
	if !qualified {
		return ""
	}
	if !strings.Contains(elem, "%") {
		return function[:dir+len(elem)]
	}
	// The linker escapes the dots of the last element only.
	return function[:dir] + dots.Replace(elem)
}
