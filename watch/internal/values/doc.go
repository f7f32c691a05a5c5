// Package values reads the signals of a target from its metrics.
package values
