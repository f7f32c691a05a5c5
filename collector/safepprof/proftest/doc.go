// Package proftest has profiles for the tests of whatever reads profiles: real
// ones of many programs, those that a process takes of itself, and those that are
// sent by somebody who means harm.
//
// testdata/real holds what these programs wrote of themselves, with the paths of
// the machine taken out: the Go compiler and linker, gofmt, golangci-lint,
// staticcheck, test binaries of the standard library, a small shop that serves
// HTTP under load, and, as Debian 12 has them and answering some requests,
// Prometheus, its Alertmanager, Pushgateway, node and blackbox exporters, etcd,
// Caddy, Syncthing, Rclone and InfluxDB.
package proftest
