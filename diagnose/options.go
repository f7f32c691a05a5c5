package diagnose

// Options says what the profiles cannot.
type Options struct {
	// Module is the path of the main module, as in
	// debug.BuildInfo.Main.Path. Its packages, and package main, are the
	// application's own code even where their path looks like the standard
	// library's ("shop/cart"). Empty means package main only.
	Module string
}
