package reporters

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/go-holmes/holmes"
)

// DingTalk is for the URL of a custom robot of DingTalk, with its access_token;
// see [WithSigningSecret] for one that wants signatures. A robot that wants a
// key word finds "holmes" in every message.
//
// 20 messages a minute are sent at most, which is DingTalk's rate: it silences
// a robot that exceeds it for 10 minutes. A message is plain text and holds as
// many events as go into 20 000 bytes.
func DingTalk() Template {
	return Template{
		name:  "dingtalk",
		rates: []rate{{20, time.Minute}},
		most:  20,
		bytes: 20_000,
		encode: func(notices []Notice, _ time.Time) ([]byte, error) {
			var m struct {
				Type string `json:"msgtype"`
				Text struct {
					Content string `json:"content"`
				} `json:"text"`
			}
			m.Type, m.Text.Content = "text", "holmes, "+text(notices)
			out, err := encodeJSON(m)
			return []byte(out), err
		},
		judge: judgeDingTalk,
		sign: func(secret string, now time.Time, query url.Values, body []byte) ([]byte, error) {
			stamp := strconv.FormatInt(now.UnixMilli(), 10)
			query.Set("timestamp", stamp)
			query.Set("sign", signature([]byte(secret), stamp+"\n"+secret))
			return body, nil
		},
	}
}

func signature(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Codes of DingTalk that a retry may mend.
const (
	dingTalkBusy    = -1
	dingTalkTooFast = 130101 // more than 20 messages in a minute
	dingTalkNoToken = 300001 // the robot was removed, or is not there yet
	dingTalkUnsafe  = 310000 // its signing secret, key words or addresses are others
)

func judgeDingTalk(answer []byte, clean func([]byte) string) error {
	var said struct {
		Code    *int   `json:"errcode"`
		Message string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &said); err != nil || said.Code == nil {
		return fmt.Errorf("answered something else than DingTalk does: %s", clean(answer))
	}
	retry := map[int]time.Duration{dingTalkBusy: 0, dingTalkTooFast: 10 * time.Minute}
	mendable := []int{dingTalkNoToken, dingTalkUnsafe}
	return (&robotError{*said.Code, clean([]byte(said.Message)), retry, mendable}).judge()
}

// A robotError is an error code in an answer of status 200.
type robotError struct {
	code     int
	message  string
	retry    map[int]time.Duration // the codes that a retry may mend, and when
	mendable []int                 // the codes that a change of a configuration mends
}

func (r *robotError) Error() string { return fmt.Sprintf("answered code %d: %s", r.code, r.message) }

// RetryAfter is how long the receiver wants to be left alone.
func (r *robotError) RetryAfter() time.Duration { return r.retry[r.code] }

// Mendable reports whether the receiver will take the event after a change of a
// configuration.
func (r *robotError) Mendable() bool { return slices.Contains(r.mendable, r.code) }

func (r *robotError) judge() error {
	if r.code == 0 {
		return nil
	}
	if _, ok := r.retry[r.code]; ok || r.Mendable() {
		return r
	}
	return holmes.Permanent(r)
}
