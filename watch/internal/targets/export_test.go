package targets

// For tests.
var (
	Build  = build
	Unique = unique
)
