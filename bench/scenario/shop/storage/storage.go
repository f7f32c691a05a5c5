// Package storage is the way to the shop's database: a driver for database/sql.
package storage

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Connections is how many there are at most.
const Connections = 16

// Open returns the pool of connections to the database at an address.
func Open(addr string) *sql.DB {
	db := sql.OpenDB(connector{addr})
	db.SetMaxOpenConns(Connections)
	db.SetMaxIdleConns(Connections)
	return db
}

// Row is one row of an answer.
type Row struct {
	ID    int
	Value string
}

// A Querier is a pool, or a transaction.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Get returns the one row of a query.
func Get(ctx context.Context, db Querier, query string) (row Row, err error) {
	rows, err := All(ctx, db, query)
	if err != nil || len(rows) == 0 {
		return row, err
	}
	return rows[0], nil
}

// All returns the rows of a query.
func All(ctx context.Context, db Querier, query string) (all []Row, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Row
		if err := rows.Scan(&r.ID, &r.Value); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

type connector struct{ addr string }

func (c connector) Driver() driver.Driver { return c }

func (c connector) Open(string) (driver.Conn, error) { return c.Connect(context.Background()) }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return nil, fmt.Errorf("storage: %w", err)
	}
	return &conn{Conn: nc, in: bufio.NewReader(nc)}, nil
}

// A conn is one connection. It begins no transactions of its own.
type conn struct {
	net.Conn
	in *bufio.Reader
}

var errUnprepared = errors.New("storage: statements are not prepared")

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, errUnprepared }
func (c *conn) Begin() (driver.Tx, error)           { return c, nil }
func (c *conn) Commit() error                       { return nil }
func (c *conn) Rollback() error                     { return nil }

// QueryContext implements [driver.QueryerContext].
func (c *conn) QueryContext(ctx context.Context, query string, _ []driver.NamedValue) (driver.Rows, error) {
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := io.WriteString(c, query+"\n"); err != nil {
		return nil, driver.ErrBadConn
	}
	r := &rows{}
	line, err := c.in.ReadString('\n')
	if err != nil {
		return nil, driver.ErrBadConn
	}
	if _, err := fmt.Sscan(line, &r.left); err != nil {
		return nil, fmt.Errorf("storage: %q is no answer: %w", line, err)
	}
	r.in = c.in
	return r, nil
}

type rows struct {
	in   *bufio.Reader
	left int
}

func (r *rows) Columns() []string { return []string{"id", "value"} }

// Close reads and discards the rest.
func (r *rows) Close() error {
	for r.left > 0 {
		if err := r.Next(make([]driver.Value, 2)); err != nil {
			return err
		}
	}
	return nil
}

func (r *rows) Next(to []driver.Value) error {
	if r.left == 0 {
		return io.EOF
	}
	r.left--
	line, err := r.in.ReadString('\n')
	if err != nil {
		return driver.ErrBadConn
	}
	id, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	to[0], to[1] = id, value
	return nil
}
