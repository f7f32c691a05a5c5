package outside

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A partner is another company's service: exchange rates, its catalogue, and faults of
// them.
type partner struct {
	url    string
	server *http.Server
	done   chan error
}

func servePartner(ctx context.Context) (*partner, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("partner: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rates", rates)
	mux.HandleFunc("GET /slow", slow(ctx))
	mux.HandleFunc("GET /gone", gone)
	mux.HandleFunc("GET /file", file)
	p := &partner{
		url:    "http://" + l.Addr().String(),
		server: &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute},
		done:   make(chan error, 1),
	}
	go func() { p.done <- p.server.Serve(l) }()
	return p, nil
}

func (p *partner) close() error {
	_ = p.server.Close() // without waiting for requests
	return <-p.done
}

func rates(w http.ResponseWriter, _ *http.Request) {
	_, _ = fmt.Fprint(w, `{"EUR":1,"USD":1.09,"GBP":0.85,"JPY":161.2,"CHF":0.94}`)
}

// slow answers after ?ms=n.
func slow(ctx context.Context) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.FormValue("ms"))
		select {
		case <-ctx.Done():
		case <-r.Context().Done():
		case <-time.After(time.Duration(ms) * time.Millisecond):
			rates(w, r)
		}
	}
}

// gone answers 410 with a long text.
func gone(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusGone)
	_, _ = w.Write(bytes.Repeat([]byte("this offer has ended. "), 4096))
}

// file is a file of ?kb=n in lines of text.
func file(w http.ResponseWriter, r *http.Request) {
	kb, _ := strconv.Atoi(r.FormValue("kb"))
	line := "4006381333931;stapler, red, 24/6;12.99;in stock;box of 10;" // and a new line
	chunk := bytes.Repeat([]byte(line+strings.Repeat(" ", 63-len(line))+"\n"), 16)
	for range kb {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}
