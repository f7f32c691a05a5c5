package api

import (
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/collector"
)

// sample returns a logger that drops most of the lines with the same message.
func sample(log *zap.Logger) *zap.Logger {
	return log.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, time.Minute, 10, 1000)
	}))
}

// accessLog returns the logger of requests.
func (c *Config) accessLog() *zap.Logger {
	switch c.AccessLog {
	case AccessOff:
		return zap.NewNop()
	case AccessAll:
		return c.Log
	default:
		return sample(c.Log)
	}
}

// client is the address that a request comes from, and what a proxy says of it.
func client(r *http.Request) string {
	if by := r.Header.Get("X-Forwarded-For"); by != "" {
		return fmt.Sprintf("%s for %.80q", r.RemoteAddr, by)
	}
	return r.RemoteAddr
}

// logRequest logs an answered request. The message has the route and the status, by
// which lines are sampled.
func (h *Handler) logRequest(rt *route, r *http.Request, status int, took time.Duration, received int64) {
	if IsProbe(r) {
		return
	}
	if entry := h.access.Check(zap.InfoLevel, fmt.Sprintf("%s %d", rt.pattern, status)); entry != nil {
		entry.Write(zap.String("client", client(r)), zap.String("method", r.Method), zap.String("path", r.URL.Path),
			zap.Duration("took", took), zap.Int64("received", received), zap.String("agent", r.UserAgent()))
	}
}

// refused logs and counts an upload that was not stored.
func (h *Handler) refused(r *http.Request, received int64, err error) {
	f := failureOf(err)
	h.metrics.refused.WithLabelValues(string(f.code)).Inc()
	query := r.URL.Query()
	service := query.Get("service")
	if service == "" {
		service = query.Get("name")
	}
	level := zap.WarnLevel
	if f.code == collector.Internal {
		level = zap.ErrorLevel // it is not the client's
	}
	h.log.Log(level, "upload refused", zap.String("client", client(r)), zap.String("path", r.URL.Path), zap.String("service", service),
		zap.String("type", query.Get("type")), zap.Int("status", f.status), zap.Int64("received", received), zap.Error(err))
}
