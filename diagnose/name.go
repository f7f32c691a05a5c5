package diagnose

import "strings"

// canonical is the function that a symbol was written as: instances of a
// generic function are one, as in a stack trace, and what the compiler makes of
// a function's loops, defers and method values is that function.
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

// enclosing is the function that a closure is written in, and "" for what is no
// closure: main.handle for main.handle.func1 and for main.handle.func1.2.
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

// display is a function as a person would write it.
func display(symbol string) string {
	out := strings.ReplaceAll(symbol, "[...]", "")
	if outer := enclosing(out); outer != "" {
		out = outer + " (closure)"
		if pkg, ok := strings.CutSuffix(outer, ".glob."); ok {
			out = pkg + " (closure of a variable)"
		}
	}
	return strings.ReplaceAll(out, "%2e", ".")
}

// short leaves of the package's path the last element, as in Go code. That is
// for the application's own, where the file's name does the rest.
func short(name string) string {
	dir := strings.LastIndexByte(name, '/')
	if elem, _, _ := strings.Cut(name[dir+1:], "."); dir > 0 && len(elem) > 1 && elem[0] == 'v' && digits(elem[1:]) {
		dir = strings.LastIndexByte(name[:dir], '/') // a major version is no name
	}
	return name[dir+1:]
}

// moduleOf guesses the module of a third party's function from its package: of
// most hosts two elements, of those that have users three.
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
