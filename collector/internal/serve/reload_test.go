package serve

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-holmes/holmes/reporters"
	"github.com/go-holmes/holmes/reporters/reportertest"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/files"
)

// A secret is a mounted one as kubelet makes it: its files are links into a directory
// that is replaced as a whole.
type secret struct {
	t   *testing.T
	dir string
	n   int
}

func newSecret(t *testing.T) *secret {
	t.Helper()
	s := &secret{t: t, dir: t.TempDir()}
	for _, name := range []string{"tls.crt", "tls.key", "tokens"} {
		require.NoError(t, os.Symlink(filepath.Join("..data", name), s.path(name)))
	}
	return s
}

func (s *secret) path(name string) string { return filepath.Join(s.dir, name) }

// replace puts a certificate for a name there, and tokens.
func (s *secret) replace(name, tokens string) {
	s.t.Helper()
	s.n++
	version := s.path("v" + string(rune('0'+s.n)))
	require.NoError(s.t, os.Mkdir(version, 0o700))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(s.t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(int64(s.n)), Subject: pkix.Name{CommonName: name}, NotAfter: time.Unix(4e9, 0)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(s.t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(s.t, err)
	for file, content := range map[string][]byte{
		"tls.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}),
		"tls.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), "tokens": []byte(tokens),
	} {
		require.NoError(s.t, os.WriteFile(filepath.Join(version, file), content, 0o600))
	}
	next := s.path("..tmp")
	require.NoError(s.t, os.Symlink(filepath.Base(version), next))
	require.NoError(s.t, os.Rename(next, s.path("..data")))
}

// A certificate and tokens that are replaced are in force some seconds later, or at
// once after a signal. What cannot be used leaves the old ones in force.
func TestReload(t *testing.T) {
	store, err := files.Open(t.Context(), t.TempDir(), files.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	s := newSecret(t)
	s.replace("old", "old-token\n")
	c := &Config{TLSCert: s.path("tls.crt"), TLSKey: s.path("tls.key"), TokenFiles: TokenFiles{Write: s.path("tokens"), Read: s.path("tokens")}}
	tokens, err := c.tokens()
	require.NoError(t, err)
	require.True(t, tokens.Protected())
	handler, err := api.New(api.Config{Store: store, Tokens: tokens, Limits: api.Limits{Login: 1}})
	require.NoError(t, err)
	cert := &certificate{cert: c.TLSCert, key: c.TLSKey}
	require.NoError(t, cert.read())
	log, logs := observer.New(zap.InfoLevel)
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal)
		c.Reload = signals
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go (&reloader{config: c, handler: handler, certificate: cert, log: zap.New(log)}).run(ctx)
		requireServed := func(name, token string) {
			t.Helper()
			synctest.Wait()
			shown, err := cert.config().GetCertificate(nil)
			require.NoError(t, err)
			require.Equal(t, name, shown.Leaf.Subject.CommonName)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/1/events", http.NoBody)
			r.SetBasicAuth("any", token)
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, 200, w.Code)
		}
		pass := time.Sleep //nolint:forbidigo // the time of synctest
		requireServed("old", "old-token")
		pass(time.Minute + reloadInterval/2)
		require.Zero(t, logs.Len())

		s.replace("new", "new-token\nold-token\n")
		requireServed("old", "old-token")
		pass(reloadInterval)
		requireServed("new", "new-token")
		requireServed("new", "old-token")

		s.replace("newer", "newer-token\n")
		signals <- os.Interrupt
		requireServed("newer", "newer-token")

		s.replace("newest", "# nothing\n")
		require.NoError(t, os.WriteFile(filepath.Join(s.dir, "..data", "tls.key"), []byte("no key"), 0o600))
		pass(time.Minute)
		requireServed("newer", "newer-token")
		require.Equal(t, 1, logs.FilterLevelExact(zap.ErrorLevel).Len())
	})
}

// An event of the collector itself is stored in it, without network and token.
func TestOwnEvents(t *testing.T) {
	store, err := files.Open(t.Context(), t.TempDir(), files.Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	handler, err := api.New(api.Config{Store: store, Tokens: api.Tokens{Write: "w", Read: "r"}})
	require.NoError(t, err)
	r, err := reporters.NewCollector("http://127.0.0.1", reporters.WithHTTPClient(&http.Client{Transport: within{http.HandlerFunc(handler.ServeOwn)}}))
	require.NoError(t, err)
	e := reportertest.DiskEvent(t)
	for range 2 {
		require.NoError(t, r.Report(t.Context(), e))
	}
	stored, err := store.Event(t.Context(), e.ID)
	require.NoError(t, err)
	require.NotEmpty(t, stored.Profiles)
	require.Equal(t, 1, store.Usage().Uploads)

	c := Default()
	c.Data = t.TempDir()
	stop, err := c.watch(handler.ServeOwn, zap.NewNop())
	require.NoError(t, err)
	stop()
	require.DirExists(t, filepath.Join(c.Data, WatchDir))
}
