package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// TLS is what connections are secured with. The zero value trusts the system's
// authorities and shows no certificate.
type TLS struct {
	// Base is what the other fields change, and nil for the defaults.
	Base *tls.Config
	// CAFile holds the authorities to trust instead of the system's, in PEM.
	CAFile string
	// CertFile and KeyFile are the client certificate to show, in PEM. They
	// are read for each connection, so that renewed ones count.
	CertFile, KeyFile string
	// Insecure accepts any certificate.
	Insecure bool
}

func (t TLS) zero() bool { return t == TLS{} }

// config returns the configuration, which shares nothing with Base, and nil for
// the zero value. It reads all files.
func (t TLS) config() (*tls.Config, error) {
	if t.zero() {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.Base != nil {
		out = t.Base.Clone()
	}
	if t.Insecure {
		out.InsecureSkipVerify = true
	}
	if t.CAFile != "" {
		pool, err := authorities(t.CAFile)
		if err != nil {
			return nil, err
		}
		out.RootCAs = pool
	}
	if t.CertFile == "" && t.KeyFile == "" {
		return out, nil
	}
	if _, err := t.certificate(); err != nil {
		return nil, err
	}
	out.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return t.certificate() }
	return out, nil
}

func authorities(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificate authorities: %s: no certificate in it", file)
	}
	return pool, nil
}

func (t TLS) certificate() (*tls.Certificate, error) {
	if t.CertFile == "" || t.KeyFile == "" {
		return nil, errors.New("client certificate: it takes a file of the certificate and one of its key")
	}
	pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	return &pair, nil
}
