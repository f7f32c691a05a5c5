package pages

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/go-holmes/holmes/collector/flame"
)

// policies say what a browser may load and run for us.
type policies struct {
	page    string // our pages: our files
	picture string // a picture by itself: the style and script inside it
	driver  string // pprof's pages; the nonce goes to the end of it
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

// hashOf is how a policy names an inline text.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
