package api

import (
	"strings"

	"github.com/go-holmes/holmes/collector"
)

// parseName reads "app{key=value,...}". Labels whose key begins with two
// underscores are internal to the agent and are left out. A label service_name is
// the service, and the name before the braces then becomes a label, as in
// Pyroscope.
func parseName(text string) (service string, labels collector.Labels, err error) {
	name, inside, braces := strings.Cut(text, "{")
	name = strings.TrimSpace(name)
	if name == "" {
		return "", nil, collector.Errorf(collector.Invalid, "missing name")
	}
	found := map[string]string{}
	if braces {
		inside, rest, closed := strings.Cut(inside, "}")
		if !closed || strings.TrimSpace(rest) != "" {
			return "", nil, collector.Errorf(collector.Invalid, "name %.80q does not end with }", text)
		}
		if err := parsePairs(found, inside); err != nil {
			return "", nil, err
		}
	}
	service = name
	if own := found["service_name"]; own != "" {
		service = own
		delete(found, "service_name")
		if own != name {
			found["app_name"] = name
		}
	}
	return service, collector.CleanLabels(found), nil
}

// parsePairs reads "key=value,key=value". A comma inside a value cannot be told
// from one between labels: what follows it has no equals sign and is refused.
func parsePairs(into map[string]string, text string) error {
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		key, value, ok := strings.Cut(pair, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case !ok:
			return collector.Errorf(collector.Invalid, "label %.80q has no value", pair)
		case strings.HasPrefix(key, "__"):
			continue
		case !plainKey(key):
			return collector.Errorf(collector.Invalid, "label name %.80q: only letters, digits, underscores and dots are allowed", key)
		}
		if value != "" {
			into[key] = value
		}
	}
	return nil
}

// plainKey reports whether Pyroscope allows the name of a label.
func plainKey(key string) bool {
	return key != "" && !strings.ContainsFunc(key, func(r rune) bool {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return false
		default:
			return r != '_' && r != '.'
		}
	})
}
