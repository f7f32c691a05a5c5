// Package shop is a web shop under load, the background of all scenarios. Around 60 MB of live heap, some hundred goroutines, and requests that
// encode, sort, search, compress, cache, hash, lock, log and ask a database.
package shop

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/go-holmes/holmes/bench/scenario/outside"
	"github.com/go-holmes/holmes/bench/scenario/shop/account"
	"github.com/go-holmes/holmes/bench/scenario/shop/cart"
	"github.com/go-holmes/holmes/bench/scenario/shop/catalog"
	"github.com/go-holmes/holmes/bench/scenario/shop/jobs"
	"github.com/go-holmes/holmes/bench/scenario/shop/notify"
	"github.com/go-holmes/holmes/bench/scenario/shop/orders"
	"github.com/go-holmes/holmes/bench/scenario/shop/pages"
	"github.com/go-holmes/holmes/bench/scenario/shop/search"
	"github.com/go-holmes/holmes/bench/scenario/shop/stock"
	"github.com/go-holmes/holmes/bench/scenario/shop/storage"
)

// Config sizes a shop.
type Config struct {
	World outside.World
	// Dir is for its files.
	Dir string
	// Products is the number of products; 0 stands for [outside.IDs].
	Products int
	// Pace multiplies the everyday load; 0 stands for 1.
	Pace float64
}

// A Shop is an open shop.
type Shop struct {
	World   outside.World
	Dir     string
	Log     *zap.Logger
	LogFile io.WriteCloser
	DB      *sql.DB
	Catalog *catalog.Catalog
	Pages   *pages.Pages
	Carts   *cart.Carts
	Stock   *stock.Warehouse
	Jobs    *jobs.Pool
	Hub     *notify.Hub
	Slots   jobs.Slots // of what takes long
	Tokens  *account.Tokens

	door   sync.Mutex
	inside sync.WaitGroup // the visitors
	// Served counts the requests.
	Served atomic.Int64

	ctx    context.Context //nolint:containedctx // it ends everything that Go has started
	cancel context.CancelFunc
	wg     sync.WaitGroup
	mux    *http.ServeMux
	server *http.Server
	URL    string
}

// Open opens a shop.
func Open(c Config) (*Shop, error) {
	if c.Products == 0 {
		c.Products = outside.IDs
	}
	if c.Pace == 0 {
		c.Pace = 1
	}
	s := &Shop{World: c.World, Dir: c.Dir, mux: http.NewServeMux()}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.furnish(c); err != nil {
		s.cancel()
		return nil, err
	}
	if err := s.serve(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.staff()
	if err := s.everyday(c.Pace); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// furnish makes the parts of the shop.
func (s *Shop) furnish(c Config) (err error) {
	file, err := createLog(filepath.Join(s.Dir, "shop.log"))
	if err != nil {
		return err
	}
	s.LogFile = file
	s.Log = zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(file), zap.InfoLevel),
		zap.AddCaller(), zap.AddStacktrace(zap.ErrorLevel))
	s.DB = storage.Open(c.World.Database())
	s.Catalog = catalog.New(c.Products)
	s.Carts = cart.New(s.Catalog)
	s.Stock = stock.New(s.DB, c.Products)
	s.Jobs = jobs.New(64)
	s.Hub = notify.NewHub()
	s.Slots = jobs.NewSlots(12)
	s.Tokens = account.NewTokens("not so secret")
	if s.Pages, err = pages.New(s.Catalog, 8000); err != nil {
		return err
	}
	s.Handle("/product", http.HandlerFunc(s.Catalog.ServeProduct))
	s.Handle("/list", http.HandlerFunc(s.Catalog.ServeList))
	s.Handle("/search", search.New(s.Catalog))
	s.Handle("/page", s.Pages)
	s.Handle("/cart", s.Carts)
	s.Handle("/stock", s.Stock)
	s.Handle("/order", orders.New(s.DB, s.Jobs, s.Log))
	s.Handle("/account", s.Tokens)
	return nil
}

// serve starts the HTTP server.
func (s *Shop) serve() error {
	l, err := new(net.ListenConfig).Listen(s.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("shop: %w", err)
	}
	s.URL = "http://" + l.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	s.wg.Go(func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.Log.Error("closed", zap.Error(err))
		}
	})
	return s.World.Open(s.URL)
}

// Handle adds a handler for a path.
func (s *Shop) Handle(path string, h http.Handler) { s.mux.Handle(path, h) }

// ServeHTTP serves one request.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		http.Error(w, "closed", http.StatusServiceUnavailable)
		return
	}
	defer s.inside.Done()
	s.mux.ServeHTTP(w, r)
	s.Served.Add(1)
}

// enter admits a request, unless the shop closes.
func (s *Shop) enter() bool {
	s.door.Lock()
	defer s.door.Unlock()
	if s.ctx.Err() != nil {
		return false
	}
	s.inside.Add(1)
	return true
}

// Go runs a goroutine of the shop, with a context that ends with the shop.
func (s *Shop) Go(f func(ctx context.Context)) {
	s.wg.Go(func() { f(s.ctx) })
}

// Context ends when the shop is closed.
func (s *Shop) Context() context.Context { return s.ctx }

// Close closes the shop, and returns when all its goroutines have ended.
func (s *Shop) Close() error {
	s.door.Lock()
	s.cancel()
	s.door.Unlock()
	var err error
	if s.server != nil {
		err = s.server.Close() // without waiting for requests
	}
	s.inside.Wait()
	s.wg.Wait()
	s.Jobs.Close()
	return errors.Join(err, s.DB.Close(), s.LogFile.Close())
}
