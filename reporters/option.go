package reporters

import (
	"crypto/tls"
	"time"

	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// An HTTPOption configures a reporter that speaks HTTP. Of two for the same
// thing the last counts. What is wrong with a value is said by the constructor.
type HTTPOption interface{ apply(*httpclient.Config) }

type httpOption func(*httpclient.Config)

func (o httpOption) apply(c *httpclient.Config) { o(c) }

// WithToken sends a bearer token with each request, in the Authorization
// header only. The default is none. It excludes user info in the URL, which is
// sent as basic authentication.
func WithToken(token string) HTTPOption {
	return httpOption(func(c *httpclient.Config) { c.Token = token })
}

// WithTimeout bounds a whole delivery, from dialing to the end of the answer;
// dialing itself ends after 5 s, and the wait for an answer after 10 s. The
// default is 30 s.
func WithTimeout(d time.Duration) HTTPOption {
	return httpOption(func(c *httpclient.Config) { c.Timeout = d })
}

// WithTLS sets the authorities to trust, the client certificate to show and
// whatever else a [tls.Config] holds; it is copied. The default is the
// system's authorities and no certificate.
func WithTLS(config *tls.Config) HTTPOption {
	return httpOption(func(c *httpclient.Config) { c.TLS = config })
}

// WithPlainHTTP allows http to another machine than this one. Everybody on the
// way can then read the evidence, and the token. The default is to refuse it.
func WithPlainHTTP() HTTPOption {
	return httpOption(func(c *httpclient.Config) { c.PlainHTTP = true })
}

// newClient is what the options make of a URL.
func newClient(url string, opts []HTTPOption) (*httpclient.Client, error) {
	c := httpclient.Config{URL: url, Timeout: httpclient.DefaultTimeout}
	for _, o := range opts {
		if o != nil {
			o.apply(&c)
		}
	}
	return httpclient.New(c)
}
