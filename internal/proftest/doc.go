// Package proftest has profiles for the tests of all packages that read profiles:
// real ones of many programs, those that the process takes of itself, and hostile
// ones.
//
// testdata/real holds what these programs wrote of themselves, with the paths of
// the machine taken out: the Go compiler and linker, gofmt, golangci-lint,
// staticcheck, test binaries of the standard library, a small shop that serves
// HTTP under load, and, as Debian 12 has them and answering some requests,
// Prometheus, its Alertmanager, Pushgateway, node and blackbox exporters, etcd,
// Caddy, Syncthing, Rclone and InfluxDB.
package proftest
