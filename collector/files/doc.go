// Package files is a [collector.Store] in a directory: a file for each upload,
// and an index that can be made of them.
package files
