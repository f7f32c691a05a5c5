package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector/api"
	"github.com/go-holmes/holmes/collector/server"
)

// listeners are the address of everything, and the one for probes.
type listeners struct {
	config       *Config
	log          *zap.Logger
	gate         gate
	tokens       api.Tokens
	certificate  *certificate   // nil without TLS
	main, probes *server.Server // probes may be nil
	err          error
}

// open reads tokens and certificate, and opens the addresses.
func (l *listeners) open(ctx context.Context) (err error) {
	c := l.config
	if l.tokens, err = c.tokens(); err != nil {
		return err
	}
	l.gate.prefix = strings.TrimRight(c.Prefix, "/")
	config := server.Config{
		Addr: c.Addr, Handler: &l.gate, Protected: l.tokens.Protected(), Drain: c.Drain, Draining: l.gate.drain,
		Probe: l.gate.isProbe, Log: l.log.Named("http"),
	}
	if c.TLSCert != "" {
		l.certificate = &certificate{cert: c.TLSCert, key: c.TLSKey}
		if err := l.certificate.read(); err != nil {
			return err
		}
		config.TLS = l.certificate.config()
	}
	if l.main, err = server.Listen(ctx, config); err != nil {
		return fmt.Errorf("%w (-addr %s)", err, c.Addr)
	}
	if c.ProbeAddr == "" {
		return nil
	}
	l.probes, err = server.Listen(ctx, server.Config{
		Addr: c.ProbeAddr, Handler: http.HandlerFunc(l.gate.probes), Protected: true, Connections: 64, Drain: c.Drain, Log: l.log.Named("http"),
	})
	if err != nil {
		return errors.Join(fmt.Errorf("%w (-probe-addr %s)", err, c.ProbeAddr), l.main.Close())
	}
	l.log.Info("probes and metrics", zap.Stringer("address", l.probes.Addr()))
	return nil
}

// serve serves both addresses until ctx ends or one of them fails. Probes are
// answered as long as requests are.
func (l *listeners) serve(ctx context.Context) error {
	if l.probes == nil {
		l.err = l.main.Serve(ctx)
		return l.err
	}
	probing, stop := context.WithCancel(context.WithoutCancel(ctx))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- l.probes.Serve(probing)
	}()
	err := l.main.Serve(ctx)
	stop()
	l.err = errors.Join(err, <-ended)
	return l.err
}

// failed reports whether a listener ended by itself. It is valid after serve.
func (l *listeners) failed() bool { return l.err != nil }

// metrics are what /metrics says of connections and of the certificate.
func (l *listeners) metrics() []prometheus.Collector {
	all := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "holmes_connections", Help: "Connections that are open."},
			func() float64 { return float64(l.main.Stats().Open) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "holmes_evicted_connections_total", Help: "Idle connections that were closed for others."},
			func() float64 { return float64(l.main.Stats().Evicted) }),
	}
	if l.certificate != nil {
		all = append(all, l.certificate.expiry())
	}
	return all
}
