// Package api is the collector over HTTP: what comes in, what is found, what
// goes out.
package api
