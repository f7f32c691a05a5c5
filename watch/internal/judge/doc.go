// Package judge judges the signals of one target with the detectors of the library.
package judge
