package collector

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of names, which keep the index small.
const (
	MaxLabels = 64   // labels of one profile
	MaxName   = 200  // bytes of a service's name, a label's key, an ID
	MaxValue  = 1024 // bytes of a label's value
)

// A Label is a key and its value.
type Label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Labels describe the origin of a profile. They are sorted by key, and keys are
// unique. Keys and values may hold any printable text.
type Labels []Label

// NewLabels returns the labels of a map.
func NewLabels(m map[string]string) (Labels, error) {
	var labels Labels
	for k, v := range m {
		labels = append(labels, Label{k, v})
	}
	return tidy(labels)
}

// CleanLabels returns the labels of a map that a program has filled. Nothing is
// refused: what is not printable becomes a space, what is too long is cut, and labels
// without a key or above [MaxLabels] are left out.
func CleanLabels(m map[string]string) Labels {
	var labels Labels
	for _, k := range slices.Sorted(maps.Keys(m)) {
		key := clean(k, MaxName)
		known := slices.ContainsFunc(labels, func(l Label) bool { return l.Key == key })
		if key != "" && !known {
			labels = append(labels, Label{key, clean(m[k], MaxValue)})
		}
	}
	slices.SortFunc(labels, func(a, b Label) int { return cmp.Compare(a.Key, b.Key) })
	return labels[:min(len(labels), MaxLabels)]
}

// ParseLabels reads "k=v,k2=v2": split at commas, then at the first equals
// sign, and each side unescaped as in a query. So a comma inside a value is
// written %2C, on top of the escaping of the URL that carries it.
func ParseLabels(text string) (Labels, error) {
	var labels Labels
	for pair := range strings.SplitSeq(text, ",") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err != nil {
			return nil, Errorf(Invalid, "label %.80q: %w", pair, err)
		}
		value, err = url.QueryUnescape(value)
		if err != nil {
			return nil, Errorf(Invalid, "label %.80q: %w", pair, err)
		}
		labels = append(labels, Label{strings.TrimSpace(key), strings.TrimSpace(value)})
	}
	return tidy(labels)
}

// String returns the form that [ParseLabels] reads.
func (l Labels) String() string {
	var b strings.Builder
	for i, label := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(url.QueryEscape(label.Key))
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(label.Value))
	}
	return b.String()
}

// Get returns the value of a label, or "".
func (l Labels) Get(key string) string {
	if i, ok := slices.BinarySearchFunc(l, key, func(a Label, key string) int { return cmp.Compare(a.Key, key) }); ok {
		return l[i].Value
	}
	return ""
}

// Map returns the labels as a map of its own.
func (l Labels) Map() map[string]string {
	m := make(map[string]string, len(l))
	for _, label := range l {
		m[label.Key] = label.Value
	}
	return m
}

// MarshalJSON returns an object. Its keys are sorted.
func (l Labels) MarshalJSON() ([]byte, error) { return json.Marshal(l.Map()) }

// UnmarshalJSON reads an object.
func (l *Labels) UnmarshalJSON(raw []byte) error {
	var m map[string]string
	if err := json.Unmarshal(raw, &m); err != nil {
		return err
	}
	var err error
	*l, err = NewLabels(m)
	return err
}

// Without returns the labels but for those keys.
func (l Labels) Without(keys ...string) Labels {
	return slices.DeleteFunc(slices.Clone(l), func(label Label) bool { return slices.Contains(keys, label.Key) })
}

// tidy sorts labels and checks them. A repeated label is dropped; a key with two
// values is an error.
func tidy(l Labels) (Labels, error) {
	slices.SortFunc(l, func(a, b Label) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
	l = slices.Compact(l)
	return l, l.Validate()
}

// Validate checks order, number and form.
func (l Labels) Validate() error {
	if len(l) > MaxLabels {
		return Errorf(Invalid, "%d labels are more than %d", len(l), MaxLabels)
	}
	for i, label := range l {
		if err := checkName("label", label.Key); err != nil {
			return err
		}
		if len(label.Value) > MaxValue || !printable(label.Value) {
			return Errorf(Invalid, "the value of label %q, %.80q, is longer than %d bytes or not printable",
				label.Key, label.Value, MaxValue)
		}
		if i > 0 && l[i-1].Key >= label.Key {
			return Errorf(Invalid, "label %q is there twice", label.Key)
		}
	}
	return nil
}

// checkName returns an error unless name can be the name of a what.
func checkName(what, name string) error {
	switch {
	case name == "":
		return Errorf(Invalid, "missing %s", what)
	case len(name) > MaxName:
		return Errorf(Invalid, "%s %.80q... is longer than %d bytes", what, name, MaxName)
	case !printable(name):
		return Errorf(Invalid, "%s %.80q is not printable", what, name)
	}
	return nil
}

// clean makes a text printable, of at most n bytes and without spaces around it.
// Characters that change the direction or the lines of the text around them go as
// well.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == utf8.RuneError, '\u2028' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
			return ' '
		}
		return r
	}, s)
	return strings.TrimSpace(cut(s, n))
}

func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
