package reporters_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A chat is a receiver of messages that needs no network: it is the transport
// of a client. So it works in synthetic time.
type chat struct {
	// answer is what it says to a message, and "" for yes.
	answer func(r *http.Request, body string) (status int, text string)
	yes    string

	mu    sync.Mutex
	posts []post
}

type post struct {
	at   time.Time
	body string
	url  string
}

func (c *chat) client() *http.Client { return &http.Client{Transport: c} }

func (c *chat) RoundTrip(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	status, text := http.StatusOK, c.yes
	if c.answer != nil {
		if s, says := c.answer(r, string(raw)); s != 0 {
			status, text = s, says
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.posts = append(c.posts, post{time.Now(), string(raw), r.URL.String()})
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text)), Request: r,
		ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

func (c *chat) all() []post {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]post(nil), c.posts...)
}

const secret = "SEC-of-the-robot"

func mac(key, text string) string {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// asDingTalk answers as a robot with a secret does.
func asDingTalk(r *http.Request, body string) (int, string) {
	var m struct {
		Type string `json:"msgtype"`
		Text struct{ Content string }
	}
	q := r.URL.Query()
	switch {
	case json.Unmarshal([]byte(body), &m) != nil || m.Type != "text" || m.Text.Content == "":
		return 200, `{"errcode":40035,"errmsg":"invalid parameter"}`
	case q.Get("access_token") == "":
		return 200, `{"errcode":300001,"errmsg":"token is not exist"}`
	case q.Get("sign") != mac(secret, q.Get("timestamp")+"\n"+secret):
		return 200, `{"errcode":310000,"errmsg":"sign not match"}`
	case len(body) > 20_000:
		return 200, `{"errcode":460101,"errmsg":"message too long, exceed 20000 bytes"}`
	}
	return 200, `{"errcode":0,"errmsg":"ok"}`
}

// asFeishu does, too.
func asFeishu(_ *http.Request, body string) (int, string) {
	var m struct {
		Timestamp, Sign string
		Type            string `json:"msg_type"`
		Content         struct {
			Post map[string]struct {
				Title   string
				Content [][]map[string]string
			}
		}
	}
	switch err := json.Unmarshal([]byte(body), &m); {
	case err != nil || m.Type != "post" || len(m.Content.Post["zh_cn"].Content) == 0:
		return 200, `{"code":9499,"msg":"Bad Request","data":{}}`
	case m.Sign != mac(m.Timestamp+"\n"+secret, ""):
		return 200, `{"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`
	case len(body) > 20<<10:
		return 200, `{"code":9499,"msg":"Bad Request","data":{}}`
	}
	return 200, `{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}`
}
