package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/go-holmes/holmes/collector"
	"github.com/go-holmes/holmes/collector/internal/render"
)

// Codes that only a server over HTTP has.
const (
	unauthorized collector.Code = "unauthorized"
	forbidden    collector.Code = "forbidden"
	tooSlow      collector.Code = "too_slow"
	noMethod     collector.Code = "method_not_allowed"
	// unprocessable is a profile that is well-formed and of no use here.
	unprocessable collector.Code = "unprocessable"
)

// statusOf is the status that says the same as a code.
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

// A failure is an error as a client is told about it.
type failure struct {
	status  int
	code    collector.Code
	message string
	retry   time.Duration
}

// failureOf says what a client is told. What is not meant for it stays here.
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

// A dialect is how a protocol says that something went wrong.
type dialect func(f failure) (status int, body any)

// profefe says it in an envelope that repeats the status.
func profefe(f failure) (int, any) {
	return f.status, envelope{Code: f.status, Error: f.message}
}

// envelope is around all that profefe answers.
type envelope struct {
	Code  int    `json:"code"`
	Body  any    `json:"body,omitempty"`
	Error string `json:"error,omitempty"`
}

// ours says it with a code for programs.
func ours(f failure) (int, any) {
	return f.status, struct {
		Code  collector.Code `json:"code"`
		Error string         `json:"error"`
	}{f.code, f.message}
}

// pyroscope says it as Connect does, and calls a profile that cannot be used
// unprocessable.
func pyroscope(f failure) (int, any) {
	return f.status, struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}{connectCode(f.code), f.message}
}

func connectCode(code collector.Code) string {
	switch code {
	case collector.Invalid, collector.Unsupported, unprocessable, noMethod, render.NotAvailable:
		return "invalid_argument"
	case unauthorized:
		return "unauthenticated"
	case forbidden:
		return "permission_denied"
	case collector.NotFound:
		return "not_found"
	case collector.TooLarge, collector.Full:
		return "resource_exhausted"
	case collector.Busy:
		return "unavailable"
	case tooSlow:
		return "deadline_exceeded"
	default:
		return "internal"
	}
}

// fail answers with an error, and logs it if it is ours.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, say dialect, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there any more
	}
	f := failureOf(err)
	if f.code == collector.Internal || f.code == collector.Full {
		h.log.Sugar().Errorw("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	status, body := say(f)
	if f.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.retry.Seconds())))
	}
	if f.code == unauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="holmes", charset="UTF-8"`)
	}
	writeJSON(w, status, body)
}

// writeJSON answers. That a client leaves in the middle of it is its own affair.
func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
