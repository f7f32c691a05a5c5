package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

// Codes of HTTP alone.
const (
	unauthorized collector.Code = "unauthorized"
	forbidden    collector.Code = "forbidden"
	tooSlow      collector.Code = "too_slow"
	noMethod     collector.Code = "method_not_allowed"
	// unprocessable is the code of a well-formed profile that is not supported.
	unprocessable collector.Code = "unprocessable"
	// unsupportedMedia is the code of a body in a form that is not read.
	unsupportedMedia collector.Code = "unsupported_media_type"
)

// statusOf is the HTTP status of a code.
func statusOf(code collector.Code) int {
	switch code {
	case collector.Invalid:
		return http.StatusBadRequest
	case unauthorized:
		return http.StatusUnauthorized
	case forbidden:
		return http.StatusForbidden
	case collector.NotFound:
		return http.StatusNotFound
	case collector.Unsupported, noMethod:
		return http.StatusMethodNotAllowed
	case unprocessable:
		return http.StatusUnprocessableEntity
	case unsupportedMedia:
		return http.StatusUnsupportedMediaType
	case tooSlow:
		return http.StatusRequestTimeout
	case collector.TooLarge:
		return http.StatusRequestEntityTooLarge
	case collector.Busy:
		return http.StatusServiceUnavailable
	case render.NotAvailable:
		return http.StatusNotImplemented
	case collector.Full:
		return http.StatusInsufficientStorage
	default:
		return http.StatusInternalServerError
	}
}

// A failure is an error as a client sees it.
type failure struct {
	status  int
	code    collector.Code
	message string
	retry   time.Duration
}

// failureOf is the failure of an error. It hides the cause of an internal error.
func failureOf(err error) failure {
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = collector.Errorf(collector.TooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		err = collector.Errorf(tooSlow, "the request took too long")
	}
	f := failure{code: collector.CodeOf(err), message: "internal error"}
	if e, ok := errors.AsType[*collector.Error](err); ok && f.code != collector.Internal {
		f.message, f.retry = e.Message, e.RetryAfter
	}
	f.status = statusOf(f.code)
	return f
}

// A dialect is the form of errors in a protocol.
type dialect func(f failure) (status int, body any)

// profefe has an envelope that repeats the status.
func profefe(f failure) (int, any) {
	return f.status, envelope{Code: f.status, Error: f.message}
}

// envelope is around all answers of profefe.
type envelope struct {
	Code  int    `json:"code"`
	Body  any    `json:"body,omitempty"`
	Error string `json:"error,omitempty"`
}

// ours has a code for programs.
func ours(f failure) (int, any) {
	return f.status, struct {
		Code  collector.Code `json:"code"`
		Error string         `json:"error"`
	}{f.code, f.message}
}

// pyroscope has the codes of Connect.
func pyroscope(f failure) (int, any) {
	return f.status, struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{connectCode(f.code), f.message}
}

// connectCode is the code of Connect. Agents send again what is exhausted, so what is
// too large for ever is an invalid argument.
func connectCode(code collector.Code) string {
	switch code {
	case collector.Invalid, collector.TooLarge, collector.Unsupported, unprocessable, noMethod, render.NotAvailable:
		return "invalid_argument"
	case unsupportedMedia:
		return "unimplemented"
	case unauthorized:
		return "unauthenticated"
	case forbidden:
		return "permission_denied"
	case collector.NotFound:
		return "not_found"
	case collector.Full:
		return "resource_exhausted"
	case collector.Busy:
		return "unavailable"
	case tooSlow:
		return "deadline_exceeded"
	default:
		return "internal"
	}
}

// pushRoute is Pyroscope's Push, a call of Connect with one request and one answer.
const pushRoute = "/push.v1.PusherService/Push"

// dialectOf is the dialect of the protocol that a path belongs to.
func dialectOf(r *http.Request) dialect {
	switch {
	case strings.HasPrefix(r.URL.Path, "/api/0/"):
		return profefe
	case strings.HasPrefix(r.URL.Path, "/ingest"), r.URL.Path == pushRoute:
		return pyroscope
	default:
		return ours
	}
}

// answerError answers with an error, and logs it if it is not the client's.
func answerError(w http.ResponseWriter, r *http.Request, log *zap.Logger, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // the client has gone
	}
	f := failureOf(err)
	if f.code == collector.Internal || f.code == collector.Full {
		log.Sugar().Errorw("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	status, body := dialectOf(r)(f)
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retry.Seconds())))
	}
	if f.code == unauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="holmes", charset="UTF-8"`)
	}
	writeJSON(w, status, body)
}

// writeJSON answers with an object. A client that leaves meanwhile is no error.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
