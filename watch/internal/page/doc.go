// Package page serves the page of targets, and health and metrics of holmes-watch itself.
package page
