package reporters

import (
	"strings"
	"time"
)

// Slack is for the URL of an incoming webhook of Slack. One message a second is
// sent at most, which is Slack's rate; it holds up to 20 events, each a section
// of plain text with its link below.
func Slack() Template {
	return Template{
		name:  "slack",
		rates: []rate{{1, time.Second}},
		most:  20, // of 50 blocks
		encode: func(notices []Notice, _ time.Time) ([]byte, error) {
			m := slackMessage{Text: slackText(headline(notices))}
			for i := range notices {
				m.add(&notices[i])
			}
			out, err := encodeJSON(m)
			return []byte(out), err
		},
	}
}

// headline is what a notification shows.
func headline(notices []Notice) string {
	var lines []string
	for i := range notices {
		n := &notices[i]
		lines = append(lines, n.heading()+": "+clean(n.Sentence, maxSentence))
	}
	return strings.Join(lines, "\n")
}

type slackMessage struct {
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type string      `json:"type"`
	Text slackObject `json:"text"`
}

type slackObject struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// add shows what comes from the process as plain text, in which nothing is
// markup: "(*T)" would make half of a sentence bold.
func (m *slackMessage) add(n *Notice) {
	const most = 3000 // of a section, in characters
	body := cutOff(n.heading()+"\n"+strings.Join(n.lines(), "\n"), most)
	m.Blocks = append(m.Blocks, slackBlock{"section", slackObject{"plain_text", body}})
	if n.Link != "" {
		link := "<" + strings.ReplaceAll(slackText(n.Link), "|", "%7C") + "|What holmes saw>"
		m.Blocks = append(m.Blocks, slackBlock{"section", slackObject{"mrkdwn", link}})
	}
}

// slackText takes the three characters that mean something to Slack everywhere.
func slackText(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
