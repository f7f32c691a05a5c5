package diagnose

// Options describe the application.
type Options struct {
	// Module is the path of the main module, as in
	// debug.BuildInfo.Main.Path. Its packages, and package main, are the
	// application's own code even where their path looks like the standard
	// library's ("shop/cart"). Empty means package main only.
	Module string
	// Modules are the paths of the modules that are replaced or vendored. The
	// packages of those of the main module's organisation, as
	// github.com/acme/log is for github.com/acme/shop, are the application's
	// own code as well; the others stay a third party's.
	Modules []string
	// Own are the paths of further modules, or of packages, whose code is the
	// application's own, whatever their organisation.
	Own []string
	// ByFile is for a program that does not say which module is its main one.
	// A third party's code is then what Modules has, and what was compiled from
	// a module cache, a vendor folder or an external repository of Bazel; all
	// other packages with a dot in the first element of their path are the
	// application's own.
	ByFile bool
}
