// Package config reads the configuration of holmes-watch: the scrape_configs of
// Prometheus, and holmes-watch's own keys beside them.
//
// A key that is not known is an error with its line, so that a setting is never
// silently without effect.
package config
