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
}
