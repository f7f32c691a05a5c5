package flame

import (
	"strings"
	"unicode/utf8"
)

// maxName is how many bytes of a name are drawn, escaped. Names of generic
// functions can be thousands of bytes long.
const maxName = 240

// escape returns text as XML holds it, at most limit bytes of it. Characters that
// XML cannot hold are replaced, and so are those that change the direction of
// text.
func escape(text string, limit int) string {
	var b strings.Builder
	for _, r := range text {
		piece := escaped(r)
		if b.Len()+len(piece) > limit {
			b.WriteString("…")
			break
		}
		b.WriteString(piece)
	}
	return b.String()
}

func escaped(r rune) string {
	switch {
	case r == '&':
		return "&amp;"
	case r == '<':
		return "&lt;"
	case r == '>':
		return "&gt;"
	case r == '"':
		return "&quot;"
	case r == '\'':
		return "&#39;"
	case r < ' ', 0x7f <= r && r < 0xa0, r == utf8.RuneError, r == 0xfffe, r == 0xffff,
		0x202a <= r && r <= 0x202e, 0x2066 <= r && r <= 0x2069:
		return "\uFFFD"
	default:
		return string(r)
	}
}

// Short returns a function's name without the path of its package. A version at
// the end of the path is not the package's name: chi.NewRouter, not v5.NewRouter.
func Short(function string) string {
	end := strings.IndexByte(function, '[')
	if end < 0 {
		end = len(function)
	}
	slash := strings.LastIndexByte(function[:end], '/')
	if slash < 0 {
		return function
	}
	elem, rest, ok := strings.Cut(function[slash+1:], ".")
	if !ok || len(elem) < 2 || elem[0] != 'v' || strings.Trim(elem[1:], "0123456789") != "" {
		return function[slash+1:]
	}
	return function[strings.LastIndexByte(function[:slash], '/')+1:slash] + "." + rest
}

// label is what a box says: the short name, or without the package where that
// alone has room.
func label(function string, room float64) string {
	short := Short(function)
	text := fit(short, room)
	if _, name, ok := strings.Cut(short, "."); ok && strings.HasSuffix(text, "…") && fit(name, room) == name {
		return name
	}
	return text
}

// fit returns as much of a text as a box has room for, and "" if that says
// nothing.
func fit(text string, room float64) string {
	n := int((room - 2*boxInset) / letter)
	if n < 3 {
		return ""
	}
	i := 0
	for at := range text {
		if i++; i == n && utf8.RuneCountInString(text[at:]) > 1 {
			return text[:at] + "…"
		}
	}
	return text
}
