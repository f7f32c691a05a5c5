package pyroscope_reporter

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// reserved is the tag that holds the name itself.
const reserved = "__name__"

// fullName returns app{k=v,k=v}, the tags in order. There is no way to escape
// anything in it, so what would be taken apart is refused.
func fullName(app string, tags map[string]string) (string, error) {
	name, own, err := split(app)
	if err != nil {
		return "", err
	}
	maps.Copy(own, tags)
	delete(own, reserved)
	pairs := make([]string, 0, len(own))
	for _, key := range slices.Sorted(maps.Keys(own)) {
		if !validKey(key) {
			return "", fmt.Errorf("holmes: pyroscope: tag name %q: want letters, digits, '_' and '.', not starting with a digit", key)
		}
		if value := own[key]; value == "" || strings.ContainsFunc(value, special) {
			return "", fmt.Errorf("holmes: pyroscope: value %q of tag %s: want text without control characters, ',' '{' and '}'", value, key)
		}
		pairs = append(pairs, key+"="+own[key])
	}
	if len(pairs) == 0 {
		return name, nil
	}
	return name + "{" + strings.Join(pairs, ",") + "}", nil
}

// split takes an application's name and its tags apart.
func split(app string) (name string, tags map[string]string, err error) {
	tags = map[string]string{}
	name, list, has := strings.Cut(app, "{")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return special(r) || r == ' ' || r == '=' }) {
		return "", nil, fmt.Errorf("holmes: pyroscope: application name %q: want text without spaces, '=' ',' '{' and '}'", app)
	}
	if !has {
		return name, tags, nil
	}
	list, closed := strings.CutSuffix(list, "}")
	if !closed {
		return "", nil, fmt.Errorf("holmes: pyroscope: application name %q: '{' without '}' at the end", app)
	}
	if list == "" {
		return name, tags, nil
	}
	for pair := range strings.SplitSeq(list, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return "", nil, fmt.Errorf("holmes: pyroscope: application name %q: tag %q has no '='", app, pair)
		}
		tags[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return name, tags, nil
}

func validKey(key string) bool {
	if key == "" || key[0] >= '0' && key[0] <= '9' {
		return false
	}
	return !strings.ContainsFunc(key, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		default:
			return r != '_' && r != '.'
		}
	})
}

func special(r rune) bool {
	return r < ' ' || r == 0x7f || r == utf8.RuneError || r == ',' || r == '{' || r == '}'
}
