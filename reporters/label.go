package reporters

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-holmes/holmes"
)

// Labels by which receivers find what belongs to an event, beside the event's
// own.
const (
	labelEvent  = "event"  // its ID
	labelReason = "reason" // the code of the reason
	labelFile   = "file"   // the profile's name inside the event

	labelService  = "service"
	labelInstance = "instance"
	labelVersion  = "version"
)

// labelled returns the event with more labels, which win, all of them UTF-8. It is a copy, so that
// the event's owner is not surprised.
func labelled(e *holmes.Event, more map[string]string) *holmes.Event {
	out := *e
	out.Profiles = slices.Clone(e.Profiles)
	out.Labels = make(map[string]string, len(e.Labels)+len(more))
	for _, labels := range []map[string]string{e.Labels, more} {
		for k, v := range labels {
			out.Labels[toText(k)] = toText(v)
		}
	}
	return &out
}

// toText makes a text UTF-8, as no receiver takes anything else.
func toText(s string) string { return strings.ToValidUTF8(s, string(utf8.RuneError)) }

// scheduled reports whether an event was captured by the timetable.
func scheduled(e *holmes.Event) bool { return e.Trigger.Reason.Code == holmes.CodeContinuous }

// profileLabels are what a profile of an event is filed under.
func profileLabels(e *holmes.Event, p *holmes.Profile) map[string]string {
	out := maps.Clone(e.Labels)
	if out == nil {
		out = map[string]string{}
	}
	delete(out, labelService) // has a place of its own everywhere
	out[labelEvent], out[labelReason], out[labelFile] = e.ID, e.Trigger.Reason.Code, p.File
	maps.DeleteFunc(out, func(k, v string) bool { return k == "" || v == "" })
	return out
}

// serviceOf never returns "": no receiver takes that.
func serviceOf(e *holmes.Event) string {
	if s := e.Labels[labelService]; s != "" {
		return s
	}
	return "unknown"
}

// labelName makes a name one that Prometheus and its relatives take: letters,
// digits and '_', not beginning with a digit, nor with the "__" that they keep
// to themselves.
func labelName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf || foreign(r) || r == '.' || r == '-' {
			return '_'
		}
		return r
	}, name)
	if strings.HasPrefix(name, "__") {
		name = "_" + strings.TrimLeft(name, "_")
	}
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// clean makes a text printable and one line, of at most so many bytes.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	return cutOff(strings.TrimSpace(text), most)
}

// cutOff shortens a text to at most so many bytes, between two characters.
func cutOff(text string, most int) string {
	const sign = "..."
	if len(text) <= most {
		return text
	}
	end := max(most-len(sign), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + sign
}
