// Package reporters takes events out of the process: to another directory, or
// to a receiver over HTTP. It needs nothing but the standard library.
//
//	central, err := reporters.NewHTTP("https://holmes.example.com/api/1/events",
//		reporters.WithToken(token))
//	if err != nil {
//		return err
//	}
//	h, err := holmes.New(holmes.WithReporter(central))
//
// A constructor checks what it is given and returns an error that says what is
// wrong. It opens nothing: a directory that cannot be written and a receiver
// that is down are errors of Report, which holmes retries.
//
// # Choosing
//
//   - [NewFile] for a volume that outlives the container, or a directory that
//     something else collects. Events look there as they do in the dump path.
//   - [NewHTTP] for a receiver that takes whole events, such as holmes's own
//     collector.
//   - The packages http_reporter and pyroscope_reporter below this one are for
//     programs that come from mosn/holmes.
//
// # Writing another
//
// Implement [holmes.Reporter] and run the suite in the package reportertest
// over it. An error with a method
//
//	RetryAfter() time.Duration
//
// anywhere in its chain asks holmes to wait that long before the next attempt,
// as the ones made here do when a receiver says so.
//
// # Caveats
//
// A profile names the functions of a program, and its labels hold what the
// program put there: choose receivers accordingly. Without TLS events go to
// this machine only, unless [WithPlainHTTP] says otherwise.
//
// A profile that holmes has removed from disk meanwhile, to stay within its
// budget, is left out of a late delivery; event.json says so in its note.
package reporters
