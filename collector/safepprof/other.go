package safepprof

import (
	"bytes"
	"fmt"
)

// traceHead is how many bytes an execution trace begins with: "go 1.26 trace"
// and zeros.
const traceHead = 16

// isTrace reports whether bytes begin as runtime/trace lets them begin.
func isTrace(head []byte) bool {
	if len(head) < traceHead {
		return false
	}
	line, _, _ := bytes.Cut(head[:traceHead], []byte{0})
	return bytes.HasPrefix(line, []byte("go 1.")) && bytes.HasSuffix(line, []byte(" trace"))
}

// textHead is how many bytes have to be text for the rest to be taken for it. No
// profile begins with as many: its first field is the time, which is no text, or
// a sample type, whose length is none.
const textHead = 12

// asText says what text was sent in place of a profile, or "".
func asText(head []byte) string {
	if len(head) < textHead {
		return ""
	}
	for _, b := range head[:textHead] {
		if (b < ' ' || b > '~') && b != '\n' && b != '\r' && b != '\t' {
			return ""
		}
	}
	line, _, _ := bytes.Cut(head, []byte{'\n'})
	return fmt.Sprintf("text that begins with %.40q; the binary form is needed (debug=0)", line)
}
