package reporters

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Feishu is for the URL of a custom robot of Feishu or Lark; see
// [WithSigningSecret] for one that wants signatures. A robot that wants a key
// word finds "holmes" in every message.
//
// 5 messages a second and 100 a minute are sent at most, which is Feishu's
// rate. A message holds as many events as go into 20 KiB.
func Feishu() Template {
	return Template{
		name:  "feishu",
		rates: []rate{{5, time.Second}, {100, time.Minute}},
		most:  20,
		bytes: 20<<10 - 200, // the signature comes on top
		encode: func(notices []Notice, _ time.Time) ([]byte, error) {
			out, err := encodeJSON(feishuPost(notices))
			return []byte(out), err
		},
		judge: judgeFeishu,
		sign:  signFeishu,
	}
}

type feishuMessage struct {
	Timestamp string `json:"timestamp,omitempty"`
	Sign      string `json:"sign,omitempty"`
	Type      string `json:"msg_type"`
	Content   struct {
		Post struct {
			Text feishuText `json:"zh_cn"` // what Feishu shows if there is no other language
		} `json:"post"`
	} `json:"content"`
}

type feishuText struct {
	Title   string        `json:"title"`
	Content [][]feishuTag `json:"content"` // paragraphs
}

// A feishuTag is a piece of text. It is text, whatever is in it: nothing has to
// be escaped.
type feishuTag struct {
	Tag  string `json:"tag"`
	Text string `json:"text"`
	Href string `json:"href,omitempty"`
}

func feishuPost(notices []Notice) feishuMessage {
	m := feishuMessage{Type: "post"}
	t := &m.Content.Post.Text
	t.Title = "holmes, " + notices[0].heading()
	for i := range notices {
		n := &notices[i]
		if i > 0 {
			t.Content = append(t.Content, []feishuTag{{Tag: "text", Text: n.heading()}})
		}
		for _, line := range n.lines() {
			t.Content = append(t.Content, []feishuTag{{Tag: "text", Text: line}})
		}
		if n.Link != "" {
			t.Content = append(t.Content, []feishuTag{{Tag: "a", Text: "What holmes saw", Href: n.Link}})
		}
	}
	return m
}

func signFeishu(secret string, now time.Time, _ url.Values, body []byte) ([]byte, error) {
	var m feishuMessage
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	m.Timestamp = strconv.FormatInt(now.Unix(), 10)
	m.Sign = signature([]byte(m.Timestamp+"\n"+secret), "")
	out, err := encodeJSON(m)
	return []byte(out), err
}

// Codes of Feishu.
const (
	feishuTooFast   = 11232
	feishuNoToken   = 19001 // the robot was removed, or is not there yet
	feishuNoSign    = 19021 // its signing secret, addresses or key words are others
	feishuNoAddress = 19022
	feishuNoKeyword = 19024
	feishuBad       = 9499 // too many requests, or one that it does not understand
)

func judgeFeishu(answer []byte, clean func([]byte) string) error {
	var said struct {
		Code       *int   `json:"code"`
		Message    string `json:"msg"`
		OldCode    *int   `json:"StatusCode"`
		OldMessage string `json:"StatusMessage"`
	}
	err := json.Unmarshal(answer, &said)
	switch {
	case err != nil || said.Code == nil && said.OldCode == nil:
		return fmt.Errorf("answered something else than Feishu does: %s", clean(answer))
	case said.Code == nil || *said.Code == 0 && said.OldCode != nil:
		said.Code, said.Message = said.OldCode, said.OldMessage
	}
	retry := map[int]time.Duration{feishuTooFast: time.Minute}
	if strings.Contains(said.Message, "too many") || strings.Contains(said.Message, "frequency") {
		retry[feishuBad] = time.Minute
	}
	mendable := []int{feishuNoToken, feishuNoSign, feishuNoAddress, feishuNoKeyword}
	return (&robotError{*said.Code, clean([]byte(said.Message)), retry, mendable}).judge()
}
