package serve

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/api"
)

// reloadInterval is how often the files are looked at. A notification by the kernel
// would not see all ways in which a mounted secret is replaced.
const reloadInterval = 10 * time.Second

// A certificate is the one that is shown, read from files.
type certificate struct {
	cert, key string
	shown     atomic.Pointer[tls.Certificate]
}

// read reads the files, and shows what is in them. A certificate and a key that do
// not belong together are an error: they are being replaced.
func (c *certificate) read() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("holmes serve: -tls-cert: %w", err)
	}
	c.shown.Store(&pair)
	return nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return c.shown.Load(), nil
	}}
}

// expiry is the end of the certificate's validity, for /metrics.
func (c *certificate) expiry() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "holmes_certificate_expiry_timestamp_seconds", Help: "End of the validity of the certificate that is shown.",
	}, func() float64 { return float64(c.shown.Load().Leaf.NotAfter.Unix()) })
}

// A reloader reads tokens and the certificate again when their files change, or when
// it is told to.
type reloader struct {
	config      *Config
	handler     *api.Handler
	certificate *certificate // nil without TLS
	log         *zap.Logger
	last        [sha256.Size]byte // of all files, when they were read
}

// files are all files that are watched.
func (r *reloader) files() (paths []string) {
	for _, path := range []string{r.config.TokenFiles.Write, r.config.TokenFiles.Read, r.config.TokenFiles.Trigger, r.config.TLSCert, r.config.TLSKey} {
		if path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// sum is a hash of all files.
func (r *reloader) sum() (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, path := range r.files() {
		raw, err := os.ReadFile(path)
		fmt.Fprintf(h, "%d %v\n%s", len(raw), err, raw)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// run looks at the files until ctx ends.
func (r *reloader) run(ctx context.Context) {
	r.last = r.sum()
	ticker := time.NewTicker(reloadInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if sum := r.sum(); sum != r.last {
				r.last = sum
				r.reload()
			}
		case <-r.config.Reload:
			r.last = r.sum()
			r.reload()
		case <-ctx.Done():
			return
		}
	}
}

// reload reads all files. What cannot be used leaves the old in force.
func (r *reloader) reload() {
	tokens, err := r.config.tokens()
	if err == nil {
		err = r.handler.SetTokens(tokens)
	}
	if r.certificate != nil {
		err = errors.Join(err, r.certificate.read())
	}
	if err != nil {
		r.log.Error("tokens or certificate cannot be read again, the old ones stay in force", zap.Error(err))
		return
	}
	log := r.log
	if r.certificate != nil {
		log = log.With(zap.Time("certificate-until", r.certificate.shown.Load().Leaf.NotAfter))
	}
	log.Info("tokens and certificate were read again")
}
