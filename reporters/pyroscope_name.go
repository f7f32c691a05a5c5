package reporters

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxPyroscopeName  = 1024 // bytes of a label's name
	maxPyroscopeValue = 2048 // bytes of its value
)

// pyroscopeName returns service{k=v,k=v} with at most so many labels, the
// server's own counted. There is no way to escape anything in it, so what would
// be taken apart is replaced.
func pyroscopeName(service string, labels map[string]string, most int) string {
	taken := map[string]bool{}
	var pairs []string
	for _, k := range pyroscopeOrder(labels) {
		name, value := pyroscopeLabel(k), pyroscopeValue(labels[k])
		if value == "" || taken[name] || most > 0 && len(pairs) == most-serverLabels {
			continue
		}
		taken[name] = true
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return pyroscopeService(service) + "{" + strings.Join(pairs, ",") + "}"
}

// pyroscopeOrder is by importance: where labels must go, the last ones do.
func pyroscopeOrder(labels map[string]string) []string {
	first := []string{labelEvent, labelFile, labelReason, labelInstance, labelVersion, "taken"}
	rest := slices.DeleteFunc(slices.Sorted(maps.Keys(labels)), func(k string) bool { return slices.Contains(first, k) })
	return append(first, rest...)
}

// pyroscopeLabel makes a name one that the server takes, and that is not one of
// its own.
func pyroscopeLabel(name string) string {
	name = labelName(name)
	switch name {
	case "service_name", "pyroscope_spy", "app_name", "profile_id":
		name = "label_" + name
	}
	return name[:min(len(name), maxPyroscopeName)]
}

func pyroscopeValue(value string) string {
	value = strings.Map(func(r rune) rune {
		if r == ',' || r == '{' || r == '}' {
			return '_'
		}
		return r
	}, clean(value, maxPyroscopeValue))
	return strings.TrimSpace(value)
}

// pyroscopeService keeps of a name the letters, digits and signs that the
// server takes.
func pyroscopeService(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf || foreign(r) && r != '/' {
			return '_'
		}
		return r
	}, cutOff(name, maxPyroscopeName))
}
