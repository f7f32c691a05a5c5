package httpclient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
)

// Trust makes a configuration trust the authorities in a PEM file instead of
// the system's. The file is read now.
//
// It is not a field of [Config] so that a program without such a file is not
// linked with what reads it; nor is [Present].
func Trust(config *tls.Config, file string) error {
	pem, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return fmt.Errorf("certificate authorities: %s: no certificate in it", file)
	}
	config.RootCAs = pool
	return nil
}

// Present makes a configuration show a client certificate. The PEM files are
// read now, to be sure of them, and again for each connection, so that renewed
// ones count.
func Present(config *tls.Config, certFile, keyFile string) error {
	if _, err := certificate(certFile, keyFile); err != nil {
		return err
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return certificate(certFile, keyFile)
	}
	return nil
}

func certificate(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" || keyFile == "" {
		return nil, errors.New("client certificate: it takes a file of the certificate and one of its key")
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	return &pair, nil
}
