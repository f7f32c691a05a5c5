package diagnose

import "strings"

// canonical returns the function that a symbol belongs to: instances of a generic
// function are one, as in a stack trace, and functions that the compiler makes of
// loops, defers and method values are the function that they are written in.
func canonical(symbol string) string {
	if open := strings.IndexByte(symbol, '['); open >= 0 {
		// Type arguments can hold brackets themselves.
		if end := strings.LastIndexByte(symbol, ']'); end > open && symbol[open:end+1] != "[...]" {
			symbol = symbol[:open] + "[...]" + symbol[end+1:]
		}
	}
	symbol = strings.TrimSuffix(symbol, "-fm")
	for {
		at := strings.LastIndex(symbol, "-range")
		if at < 0 || !digits(symbol[at+len("-range"):]) {
			break
		}
		symbol = symbol[:at]
	}
	for _, wrapper := range []string{".deferwrap", ".gowrap"} {
		if at := strings.LastIndex(symbol, wrapper); at > 0 && digits(symbol[at+len(wrapper):]) {
			symbol = symbol[:at]
		}
	}
	return symbol
}

// enclosing returns the function that a closure is written in, and "" for another
// function: main.handle for main.handle.func1 and for main.handle.func1.2.
func enclosing(symbol string) string {
	at := strings.LastIndex(symbol, ".func")
	if at <= 0 {
		return ""
	}
	for part := range strings.SplitSeq(symbol[at+len(".func"):], ".") {
		if !digits(part) {
			return ""
		}
	}
	if outer := enclosing(symbol[:at]); outer != "" {
		return outer
	}
	return symbol[:at]
}

func digits(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return s != ""
}

// These are strings.Replacers, which net/http has too, for strings.ReplaceAll is 4 KB.
var (
	noTypes = strings.NewReplacer("[...]", "") // without type arguments
	dots    = strings.NewReplacer("%2e", ".")  // which the linker escapes
)

// display returns the name of a function for readers.
func display(symbol string) string {
	out := noTypes.Replace(symbol)
	if outer := enclosing(out); outer != "" {
		out = outer + " (closure)"
		if pkg, ok := strings.CutSuffix(outer, ".glob."); ok {
			out = pkg + " (closure of a variable)"
		}
	}
	return dots.Replace(out)
}

// short keeps the last element of the package path, as in Go code. It is for the
// application's own functions, which have a file name beside them.
func short(name string) string {
	dir := strings.LastIndexByte(name, '/')
	if elem, _, _ := strings.Cut(name[dir+1:], "."); dir > 0 && len(elem) > 1 && elem[0] == 'v' && digits(elem[1:]) {
		dir = strings.LastIndexByte(name[:dir], '/') // a major version is no name
	}
	return name[dir+1:]
}

// moduleOf guesses the module of a third party's function from its package: three
// elements for hosts with user names, two for others.
func moduleOf(symbol string) string {
	pkg := packageOf(symbol)
	elements := strings.SplitN(pkg, "/", 5)
	n := 2
	switch elements[0] {
	case "github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "golang.org":
		n = 3
	}
	if len(elements) > n && len(elements[n]) > 1 && elements[n][0] == 'v' && digits(elements[n][1:]) {
		n++
	}
	return strings.Join(elements[:min(n, len(elements))], "/")
}
