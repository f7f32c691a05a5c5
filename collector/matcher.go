package collector

import (
	"regexp"
	"strconv"
	"strings"
)

// Names of matchers that are no labels: "service" is the service, "type" the kind, of which
// a profile may have several, see [Meta.Kinds]: one of them has to match = and =~, all
// of them != and !~. A label of these names cannot be matched.
const (
	NameService = "service"
	NameType    = "type"
)

// A Matcher compares a label with a value, as Prometheus does: a label that is missing
// has the value "". [NewMatcher] makes it.
type Matcher struct {
	Name, Op, Value string

	expression *regexp.Regexp // of =~ and !~
}

// maxExpression bounds a regular expression.
const maxExpression = 1024

// NewMatcher returns a matcher whose operator is =, !=, =~ or !~. A regular expression
// has to match the whole value.
func NewMatcher(name, op, value string) (Matcher, error) {
	m := Matcher{Name: name, Op: op, Value: value}
	if err := checkName("label", name); err != nil {
		return m, err
	}
	switch op {
	case "=", "!=":
	case "=~", "!~":
		if len(value) > maxExpression {
			return m, Errorf(TooLarge, "the expression for %s is longer than %d bytes", name, maxExpression)
		}
		var err error
		if m.expression, err = regexp.Compile("^(?s:" + value + ")$"); err != nil {
			return m, Errorf(Invalid, "the expression for %s: %w", name, err)
		}
	default:
		return m, Errorf(Invalid, "the operator %.10q is none of =, !=, =~ and !~", op)
	}
	return m, nil
}

// ParseMatcher reads name="value", or with one of the operators !=, =~ and !~. The name and
// the value are plain or quoted as in Go; one that begins with a quote, and a name with
// an operator in it, has to be quoted.
func ParseMatcher(text string) (Matcher, error) {
	name, rest := text, ""
	if i := strings.IndexAny(text, "=!"); i >= 0 {
		name, rest = text[:i], text[i:]
	}
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		name, rest = quoted, strings.TrimSpace(text[len(quoted):])
	}
	op := ""
	for _, known := range [...]string{"=~", "!~", "!=", "="} {
		if strings.HasPrefix(rest, known) {
			op = known
			break
		}
	}
	name, named := unquote(name)
	value, valued := unquote(strings.TrimPrefix(rest, op))
	if op == "" || !named || !valued {
		return Matcher{}, Errorf(Invalid, `%.80q is not a matcher like version="1.2.3", !=, =~ or !~`, text)
	}
	return NewMatcher(name, op, value)
}

// unquote returns a text that may be quoted, without blanks around it.
func unquote(text string) (plain string, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || !strings.ContainsRune("\"'`", rune(text[0])) {
		return text, true
	}
	plain, err := strconv.Unquote(text)
	return plain, err == nil
}

// ParseMatchers reads matchers, see [ParseMatcher]. The empty text is none: it is what a form
// sends for a field that was not filled in.
func ParseMatchers(texts []string) (all []Matcher, err error) {
	for _, text := range texts {
		if text == "" {
			continue
		}
		m, err := ParseMatcher(text)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

// Matches reports whether a label of that value matches.
func (m *Matcher) Matches(value string) bool {
	switch m.Op {
	case "=":
		return value == m.Value
	case "!=":
		return value != m.Value
	case "=~":
		return m.expression.MatchString(value)
	default:
		return !m.expression.MatchString(value)
	}
}

// Negative reports whether the operator is != or !~. Of several values, all have to match
// then, not one.
func (m *Matcher) Negative() bool { return strings.HasPrefix(m.Op, "!") }

// matchesKinds compares the kinds of a profile, or of an event, which has none.
func (m *Matcher) matchesKinds(kinds []Kind) bool {
	matches := len(kinds) == 0 && m.Matches("")
	for _, k := range kinds {
		if matches = m.Matches(string(k)); matches != m.Negative() {
			break
		}
	}
	return matches
}

// String returns the text that [ParseMatcher] reads.
func (m *Matcher) String() string {
	name := m.Name
	if strings.ContainsAny(name, "=!\"'` ") {
		name = strconv.Quote(name)
	}
	return name + m.Op + strconv.Quote(m.Value)
}

// validate is an error for a matcher that NewMatcher has not made.
func (m *Matcher) validate() error {
	if needs := strings.HasSuffix(m.Op, "~"); m.Name == "" || m.Op == "" || needs != (m.expression != nil) {
		return Errorf(Invalid, "a matcher without a name, an operator or an expression")
	}
	return nil
}

// Fits reports whether the profile matches all matchers.
func (m *Meta) Fits(matchers []Matcher) bool { return fits(matchers, m.Service, m.Kinds(), m.Labels) }

// Fits reports whether the event matches all matchers.
func (e *Event) Fits(matchers []Matcher) bool { return fits(matchers, e.Service, nil, e.Labels) }

func fits(matchers []Matcher, service string, kinds []Kind, labels Labels) bool {
	for i := range matchers {
		m := &matchers[i]
		var matches bool
		switch m.Name {
		case NameService:
			matches = m.Matches(service)
		case NameType:
			matches = m.matchesKinds(kinds)
		default:
			matches = m.Matches(labels.Get(m.Name))
		}
		if !matches {
			return false
		}
	}
	return true
}
