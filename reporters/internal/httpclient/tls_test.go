package httpclient_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-holmes/holmes/reporters/internal/httpclient"
)

// An authority issues certificates, and writes what it issues to files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key, a.file, _ = a.issue("authority", true)
	return a
}

func (a *authority) issue(name string, root bool) (cert *x509.Certificate, key *ecdsa.PrivateKey, certFile, keyFile string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: root, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	parent, signer := a.cert, a.key
	if root {
		parent, signer = form, key
	}
	der, err := x509.CreateCertificate(rand.Reader, form, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	cert, err = x509.ParseCertificate(der)
	require.NoError(a.t, err)
	secret, err := x509.MarshalECPrivateKey(key)
	require.NoError(a.t, err)
	return cert, key, a.write(name+".pem", "CERTIFICATE", der), a.write(name+".key", "EC PRIVATE KEY", secret)
}

func (a *authority) write(name, kind string, der []byte) string {
	a.t.Helper()
	file := filepath.Join(a.dir, name)
	require.NoError(a.t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	return file
}

// server speaks TLS by a certificate of the authority, and answers with the name in
// the client's certificate.
func (a *authority) server(clients tls.ClientAuthType) string {
	a.t.Helper()
	_, _, certFile, keyFile := a.issue("server", false)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	require.NoError(a.t, err)
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) > 0 {
			_, _ = io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		}
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: clients, ClientCAs: pool}
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // it is told of bad certificates
	s.StartTLS()
	a.t.Cleanup(s.Close)
	return s.URL
}

// secured returns a configuration that trusts a file and shows a certificate;
// "" is for neither.
func secured(t *testing.T, caFile, certFile, keyFile string) *tls.Config {
	t.Helper()
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		require.NoError(t, httpclient.Trust(c, caFile))
	}
	if certFile != "" {
		require.NoError(t, httpclient.Present(c, certFile, keyFile))
	}
	return c
}

func post(t *testing.T, url string, config *tls.Config) error {
	t.Helper()
	return client(t, httpclient.Config{URL: url, TLS: config}).Send(context.Background(), httpclient.Request{})
}

func TestTrust(t *testing.T) {
	a := newAuthority(t)
	at := a.server(tls.NoClientCert)
	require.ErrorContains(t, post(t, at, nil), "unknown authority")
	require.NoError(t, post(t, at, secured(t, a.file, "", "")))
	require.ErrorContains(t, post(t, at, secured(t, newAuthority(t).file, "", "")), "unknown authority", "only those of the file are trusted")
}

// A certificate that is renewed on disk is shown from then on.
func TestPresent(t *testing.T) {
	a := newAuthority(t)
	at := a.server(tls.RequireAndVerifyClientCert)
	require.Error(t, post(t, at, secured(t, a.file, "", "")))

	_, _, certFile, keyFile := a.issue("pod-7", false)
	c := client(t, httpclient.Config{URL: at, TLS: secured(t, a.file, certFile, keyFile)})
	answer, err := c.Post(context.Background(), httpclient.Request{})
	require.NoError(t, err)
	require.Equal(t, "pod-7", string(answer))

	_, _, newCert, newKey := a.issue("pod-8", false)
	require.NoError(t, os.Rename(newCert, certFile))
	require.NoError(t, os.Rename(newKey, keyFile))
	answer, err = c.Post(context.Background(), httpclient.Request{})
	require.NoError(t, err)
	require.Equal(t, "pod-8", string(answer))
}

func TestBadTLSFiles(t *testing.T) {
	a := newAuthority(t)
	_, _, certFile, keyFile := a.issue("pod-7", false)
	require.ErrorContains(t, httpclient.Trust(new(tls.Config), "/none"), "certificate authorities: open /none")
	require.ErrorContains(t, httpclient.Trust(new(tls.Config), keyFile), "no certificate in it")
	for name, tt := range map[string]struct{ cert, key, says string }{
		"a certificate, no key":          {certFile, "", "one of its key"},
		"a key, no certificate":          {"", keyFile, "one of its key"},
		"no such key":                    {certFile, "/none", "/none"},
		"the key of another certificate": {a.file, keyFile, "private key does not match"},
		"swapped, as people do":          {keyFile, certFile, "client certificate"},
	} {
		c := new(tls.Config)
		require.ErrorContains(t, httpclient.Present(c, tt.cert, tt.key), tt.says, name)
		require.Nil(t, c.GetClientCertificate)
	}
}

// Later changes of the caller's configuration have no effect.
func TestTLSIsCopied(t *testing.T) {
	a := newAuthority(t)
	base := secured(t, a.file, "", "")
	c := client(t, httpclient.Config{URL: a.server(tls.NoClientCert), TLS: base})
	base.RootCAs = nil
	require.NoError(t, c.Send(context.Background(), httpclient.Request{}))
}
