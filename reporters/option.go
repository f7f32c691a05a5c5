package reporters

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	neturl "net/url"
	"slices"
	"time"

	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// An HTTPOption configures a reporter that speaks HTTP. Of two for the same
// thing the last counts. What is wrong with a value is said by the constructor,
// and so is an option that the reporter has no use for.
type HTTPOption interface{ apply(*settings) }

type httpOption func(*settings)

func (o httpOption) apply(s *settings) { o(s) }

// WithToken sends a bearer token with each request, in the Authorization
// header only. The default is none. It excludes basic authentication, which
// user info in the URL is.
func WithToken(token string) HTTPOption {
	return httpOption(func(s *settings) { s.http.Token = token })
}

// WithTokenFile is [WithToken] with the token in a file, which is read by the
// constructor, and again for each request: one that is renewed on disk is used from
// then on. White space around it does not count.
func WithTokenFile(file string) HTTPOption {
	return httpOption(func(s *settings) { s.http.TokenFile = file })
}

// WithBasicAuth sends a user name and a password with each request, in the
// Authorization header only. The default is the user info of the URL, if there
// is any.
func WithBasicAuth(user, password string) HTTPOption {
	return httpOption(func(s *settings) { s.http.User = neturl.UserPassword(user, password) })
}

// WithTimeout bounds a whole delivery, from dialing to the end of the answer;
// dialing itself ends after 5 s. For a receiver that takes one profile at a time it
// is for each of them.
//
// The default is 30 s, and after a delivery that took longer one minute, then two. An
// event whose answer did not come in time may have arrived: it is sent again after a
// minute, and after up to ten if that is repeated.
func WithTimeout(d time.Duration) HTTPOption {
	return httpOption(func(s *settings) {
		if s.http.Timeout = d; d <= 0 && s.err == nil {
			s.err = fmt.Errorf("holmes: WithTimeout: the timeout is %v, want more than 0", d)
		}
	})
}

// WithTLS sets the authorities to trust, the client certificate to show and
// whatever else a [tls.Config] holds; it is copied. The default is the
// system's authorities and no certificate. [WithCAFile], [WithClientCertificate]
// and [WithInsecureSkipVerify] change what it says.
func WithTLS(config *tls.Config) HTTPOption {
	return httpOption(func(s *settings) { s.http.TLS = config })
}

// WithCAFile trusts the certificate authorities in a PEM file, and those of the
// system no longer. The file is read by the constructor.
func WithCAFile(file string) HTTPOption {
	return httpOption(func(s *settings) {
		s.trust = func(c *tls.Config) error { return httpclient.Trust(c, file) }
	})
}

// WithClientCertificate shows a certificate to the receiver. The PEM files are
// read by the constructor, and again for each connection: one that is renewed
// on disk is used from then on.
func WithClientCertificate(certFile, keyFile string) HTTPOption {
	return httpOption(func(s *settings) {
		s.present = func(c *tls.Config) error { return httpclient.Present(c, certFile, keyFile) }
	})
}

// WithInsecureSkipVerify accepts any certificate. An attacker who answers instead of
// the receiver then gets the evidence and the token. Use [WithCAFile] if
// you can.
func WithInsecureSkipVerify() HTTPOption {
	return httpOption(func(s *settings) { s.insecure = true })
}

// WithPlainHTTP allows http to another machine than this one. Everybody on the
// way can then read the evidence, and the token. The default is to refuse it.
func WithPlainHTTP() HTTPOption {
	return httpOption(func(s *settings) { s.http.PlainHTTP = true })
}

// WithHTTPClient posts with the transport of a client, which then decides about
// TLS, proxies, connections and the time that dialing may take; options for TLS
// exclude it. Redirects are refused all the same, cookies are not sent, and
// [WithTimeout] holds. The client itself is not changed. The default is a
// transport for this reporter alone, which keeps no connection open.
func WithHTTPClient(client *http.Client) HTTPOption {
	return httpOption(func(s *settings) { s.http.Client = client })
}

// WithLabels adds labels to every event on its way to this receiver, over those
// that it has under the same names. The map is copied. Repeats add.
func WithLabels(labels map[string]string) HTTPOption {
	labels = maps.Clone(labels)
	return httpOption(func(s *settings) {
		s.labels = maps.Clone(s.labels) // options may be used again
		if s.labels == nil {
			s.labels = map[string]string{}
		}
		maps.Copy(s.labels, labels)
	})
}

// settings are what the options make.
type settings struct {
	http   httpclient.Config
	labels map[string]string

	// TLS settings. They are functions so that a program without the option is
	// not linked with their dependencies.
	trust, present func(*tls.Config) error
	insecure       bool

	// Settings of some reporters only.
	given  []string // the options of these that there are
	tenant string
	limits PyroscopeLimits
	webhookSettings

	err error // the first thing that is wrong
}

// special makes an option that not every reporter takes. It is called name, and
// its value may be wrong.
func special(name string, set func(*settings) error) HTTPOption {
	return httpOption(func(s *settings) {
		s.given = append(s.given, name)
		if err := set(s); err != nil && s.err == nil {
			s.err = fmt.Errorf("holmes: %s: %w", name, err)
		}
	})
}

// newSettings applies the options for a reporter, which names those of the special
// ones that it takes.
func newSettings(reporter, url string, opts []HTTPOption, takes ...string) (*settings, error) {
	s := &settings{http: httpclient.Config{URL: url}}
	for _, o := range opts {
		if o != nil {
			o.apply(s)
		}
	}
	for _, name := range s.given {
		if !slices.Contains(takes, name) {
			return nil, fmt.Errorf("holmes: %s is no option of %s", name, reporter)
		}
	}
	if s.err == nil {
		s.err = s.secure()
	}
	return s, s.err
}

// secure puts the configuration of TLS together. There is none if no option is
// about it.
func (s *settings) secure() error {
	if s.trust == nil && s.present == nil && !s.insecure {
		return nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.http.TLS != nil {
		c = s.http.TLS.Clone()
	}
	c.InsecureSkipVerify = c.InsecureSkipVerify || s.insecure
	for _, change := range []func(*tls.Config) error{s.trust, s.present} {
		if change == nil {
			continue
		}
		if err := change(c); err != nil {
			return fmt.Errorf("holmes: %w", err)
		}
	}
	s.http.TLS = c
	return nil
}
