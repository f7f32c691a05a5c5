package pages

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/go-holmes/holmes/collector/flame"
)

// policies are content security policies.
type policies struct {
	page    string // of our pages: our files
	picture string // of a picture: the style and script inside it
	driver  string // of pprof's pages; the nonce is appended
}

func newPolicies() policies {
	const none = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
	return policies{
		page:    none + "form-action 'self'; script-src 'self'; style-src 'self'; img-src 'self'",
		picture: none + "style-src " + hashOf(flame.CSS) + "; script-src " + hashOf("\n"+flame.JS),
		driver: none + "sandbox allow-scripts allow-downloads allow-popups; img-src data:; " +
			"style-src 'unsafe-inline'; script-src 'nonce-",
	}
}

// hashOf is the source expression of an inline text.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
