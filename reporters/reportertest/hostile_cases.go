package reportertest

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func hostileCases() []hostileCase {
	return slices.Concat(hanging(), breaking(), flooding(), lying(), pointing(), answering())
}

// Receivers that never come to an end. They are not at fault for ever.
func hanging() []hostileCase {
	return []hostileCase{
		{name: "hangs without listening", does: (*stranger).freeze, wants: transient, large: true},
		{name: "hangs after the request", does: func(s *stranger) { s.hear(); s.hang() }, wants: transient},
		{name: "hangs in the header", does: func(s *stranger) { s.answer("HTTP/1.1 200 OK\nContent-Le"); s.hang() }, wants: transient},
		{name: "hangs in the answer", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\nContent-Length: 100\n\nst")
			s.hang()
		}, wants: whatever},
		{name: "hangs in the answer to a request that it did not take", does: func(s *stranger) {
			s.answer("HTTP/1.1 503 Service Unavailable\nContent-Length: 100\n\nno")
			s.hang()
		}, wants: transient},
		{name: "has nothing more to hear", does: func(s *stranger) {
			_, _ = s.in.ReadByte()
			s.say("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
			s.freeze()
		}, wants: transient, large: true},
		{name: "answers byte by byte", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\n")
			ticker := time.NewTicker(time.Millisecond)
			defer ticker.Stop()
			for s.say("X") {
				<-ticker.C
			}
		}, wants: transient},
		{name: "stores byte by byte", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\nContent-Length: 1000000\n\n")
			ticker := time.NewTicker(time.Millisecond)
			defer ticker.Stop()
			for s.say("x") {
				<-ticker.C
			}
		}, wants: whatever},
	}
}

// Receivers that break off.
func breaking() []hostileCase {
	return []hostileCase{
		{name: "is not there", wants: transient, patient: true},
		{name: "closes at once", does: func(*stranger) {}, wants: transient, patient: true},
		{name: "resets at once", does: (*stranger).reset, wants: transient, patient: true},
		{name: "resets in the request", does: func(s *stranger) {
			_, _ = s.in.ReadByte()
			s.reset()
		}, wants: transient, patient: true, large: true},
		{name: "resets after the request", does: func(s *stranger) { s.hear(); s.reset() }, wants: transient, patient: true},
		{name: "resets in the header", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 O")
			s.reset()
		}, wants: transient, patient: true},
		{name: "closes after the request", does: (*stranger).hear, wants: transient, patient: true},
	}
}

// Receivers that do not stop talking.
func flooding() []hostileCase {
	return []hostileCase{
		{name: "floods with 1xx", does: func(s *stranger) {
			s.hear()
			s.forever("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
		}, wants: transient},
		{name: "has an endless header", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\n")
			s.forever("X-" + strings.Repeat("a", 1000) + ": b\r\n")
		}, wants: transient},
		{name: "has an endless line in its header", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\nX: ")
			s.forever(strings.Repeat("a", 1000))
		}, wants: transient},
		{name: "has an endless answer", does: func(s *stranger) {
			s.answer("HTTP/1.1 200 OK\n\n")
			s.forever(strings.Repeat("stored ", 1000))
		}, wants: whatever, patient: true},
		{name: "has an endless reason to refuse", does: func(s *stranger) {
			s.answer("HTTP/1.1 400 Bad Request\n\n")
			s.forever(strings.Repeat("no ", 1000))
		}, wants: permanent, patient: true},
		{name: "has an endless reason to refuse, in little space", does: func(s *stranger) {
			s.answer("HTTP/1.1 400 Bad Request\nContent-Encoding: gzip\n\n")
			zip := gzip.NewWriter(s)
			for chunk := make([]byte, 1<<16); ; {
				if _, err := zip.Write(chunk); err != nil {
					return
				}
				if zip.Flush() != nil {
					return
				}
			}
		}, wants: permanent, patient: true},
	}
}

// Receivers that speak something like HTTP.
func lying() []hostileCase {
	say := func(text string) func(*stranger) { return func(s *stranger) { s.answer(text) } }
	return []hostileCase{
		{name: "speaks another language", does: say("SSH-2.0-OpenSSH_9.6\n"), wants: transient, patient: true},
		{name: "has no length that is a number", does: say("HTTP/1.1 200 OK\nContent-Length: many\n\nok"), wants: transient, patient: true},
		{name: "has a negative length", does: say("HTTP/1.1 200 OK\nContent-Length: -1\n\nok"), wants: transient, patient: true},
		{name: "has two lengths", does: say("HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\nok"), wants: transient, patient: true},
		{name: "says less than its length", does: say("HTTP/1.1 200 OK\nContent-Length: 100\n\nok"), wants: whatever, patient: true},
		{name: "says more than its length", does: say("HTTP/1.1 200 OK\nContent-Length: 1\n\nHTTP/1.1 302 Found"), wants: whatever, patient: true},
		{name: "breaks off its reason", does: say("HTTP/1.1 500 Oops\nContent-Length: 100\n\nno"), wants: transient, patient: true},
	}
}

// Receivers that send the evidence elsewhere.
func pointing() (out []hostileCase) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		out = append(out, hostileCase{
			name: fmt.Sprintf("redirects elsewhere by %d", status),
			does: func(s *stranger) {
				s.answer(fmt.Sprintf("HTTP/1.1 %d Elsewhere\nLocation: http://%s/\nContent-Length: 0\n\n", status, s.of.elsewhere.Addr()))
			},
			wants: failure, patient: true,
		})
	}
	return out
}

// Receivers that say no.
func answering() (out []hostileCase) {
	no := func(status int, header string) func(*stranger) {
		return func(s *stranger) {
			s.answer(fmt.Sprintf("HTTP/1.1 %d %s\nContent-Length: 2\n%s\nno", status, http.StatusText(status), header))
		}
	}
	for _, status := range []int{401, 403, 404} { // worth a retry, if a slow one
		out = append(out, hostileCase{name: fmt.Sprintf("answers %d", status), does: no(status, ""), wants: failure, patient: true})
	}
	for _, status := range []int{400, 413} {
		out = append(out, hostileCase{name: fmt.Sprintf("answers %d", status), does: no(status, ""), wants: permanent, patient: true})
	}
	for _, status := range []int{408, 425, 429, 500, 502, 503, 504, 507} {
		out = append(out, hostileCase{name: fmt.Sprintf("answers %d", status), does: no(status, ""), wants: transient, patient: true})
	}
	const wait = 2 * time.Minute
	return append(out,
		hostileCase{
			name: "asks for two minutes", does: no(429, "Retry-After: 120\n"), wants: transient, patient: true, after: wait,
		},
		hostileCase{
			name: "asks to come back at a time", wants: transient, patient: true, after: wait - time.Minute,
			does: func(s *stranger) {
				no(503, "Retry-After: "+time.Now().Add(wait).UTC().Format(http.TimeFormat)+"\n")(s)
			},
		})
}
