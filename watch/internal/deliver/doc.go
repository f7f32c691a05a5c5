// Package deliver writes events to disk and delivers them to the collector and to the
// reporters of the library, with the queues, the spool and the retries of the library.
package deliver
