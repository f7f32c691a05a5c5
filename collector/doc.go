// Package collector keeps the evidence of a fleet.
package collector
