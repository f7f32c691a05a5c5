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

// server speaks TLS by a certificate of the authority, and says who came.
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

func post(t *testing.T, c httpclient.Config) error {
	t.Helper()
	_, err := client(t, c).Post(context.Background(), httpclient.Request{})
	return err
}

func TestCAFile(t *testing.T) {
	a := newAuthority(t)
	at := a.server(tls.NoClientCert)
	err := post(t, httpclient.Config{URL: at})
	require.ErrorContains(t, err, "unknown authority")
	err = post(t, httpclient.Config{URL: at, TLS: httpclient.TLS{CAFile: a.file}})
	require.NoError(t, err)
	err = post(t, httpclient.Config{URL: at, TLS: httpclient.TLS{CAFile: newAuthority(t).file}})
	require.ErrorContains(t, err, "unknown authority", "only those of the file are trusted")
	err = post(t, httpclient.Config{URL: at, TLS: httpclient.TLS{Insecure: true}})
	require.NoError(t, err)
}

// A certificate that is renewed on disk is shown from then on.
func TestClientCertificate(t *testing.T) {
	a := newAuthority(t)
	at := a.server(tls.RequireAndVerifyClientCert)
	err := post(t, httpclient.Config{URL: at, TLS: httpclient.TLS{CAFile: a.file}})
	require.Error(t, err)

	_, _, certFile, keyFile := a.issue("pod-7", false)
	c := client(t, httpclient.Config{URL: at, TLS: httpclient.TLS{CAFile: a.file, CertFile: certFile, KeyFile: keyFile}})
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
	for name, tt := range map[string]struct {
		tls  httpclient.TLS
		says string
	}{
		"no such authorities":        {httpclient.TLS{CAFile: "/none"}, "/none"},
		"authorities without any":    {httpclient.TLS{CAFile: keyFile}, "no certificate in it"},
		"a certificate, no key":      {httpclient.TLS{CertFile: certFile}, "one of its key"},
		"a key, no certificate":      {httpclient.TLS{KeyFile: keyFile}, "one of its key"},
		"no such key":                {httpclient.TLS{CertFile: certFile, KeyFile: "/none"}, "/none"},
		"a key of somebody else's":   {httpclient.TLS{CertFile: a.file, KeyFile: keyFile}, "private key does not match"},
		"swapped, as people do":      {httpclient.TLS{CertFile: keyFile, KeyFile: certFile}, "client certificate"},
		"authorities over one's own": {httpclient.TLS{Base: &tls.Config{MinVersion: tls.VersionTLS12}, CAFile: "/none"}, "/none"},
	} {
		_, err := httpclient.New(httpclient.Config{URL: "https://collector", Timeout: time.Second, TLS: tt.tls})
		require.ErrorContains(t, err, "holmes: ", name)
		require.ErrorContains(t, err, tt.says, name)
	}
}

// What the caller goes on doing with its configuration is no business of ours.
func TestTLSIsCopied(t *testing.T) {
	a := newAuthority(t)
	base := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: x509.NewCertPool()}
	base.RootCAs.AddCert(a.cert)
	c := client(t, httpclient.Config{URL: a.server(tls.NoClientCert), TLS: httpclient.TLS{Base: base}})
	base.RootCAs = nil
	_, err := c.Post(context.Background(), httpclient.Request{})
	require.NoError(t, err)
	_, err = httpclient.New(httpclient.Config{URL: "https://c", Timeout: time.Second, TLS: httpclient.TLS{Base: base, Insecure: true}})
	require.NoError(t, err)
	require.False(t, base.InsecureSkipVerify)
}
