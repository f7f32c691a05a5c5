// Package reporters delivers events: to another directory, to a receiver of whole
// events, to one of profiles, or as messages to a chat or an alert manager. It
// needs only the standard library.
//
//	central, err := reporters.NewCollector("https://holmes.example.com", reporters.WithToken(token))
//	if err != nil {
//		return err
//	}
//	chat, err := reporters.NewWebhook(url, reporters.Slack(),
//		reporters.WithLink("https://holmes.example.com/events/{{.ID}}"))
//	if err != nil {
//		return err
//	}
//	h, err := holmes.New(
//		holmes.WithReporter(central),
//		holmes.WithReporter(reporters.Only(chat, reporters.AtLeast(reporters.SeverityWarning))))
//
// A constructor checks what it is given and returns an error that says what is
// wrong. It reads the files that TLS needs, and opens nothing else: a directory
// that cannot be written and a receiver that is down are errors of Report, which
// holmes retries.
//
// # Choosing
//
//		                 gets              delivered again
//		NewFile          whole events      is the same event
//		NewHTTP          whole events      has the same Idempotency-Key
//		NewCollector     whole events      is the same event
//		NewProfefe       profiles          is not sent again by this process
//		NewPyroscope     profiles, cut     is not sent again by this process
//		NewWebhook       a message         is not sent again by this process
//
//	  - [NewFile] is for a volume that outlives the container, or a directory that
//	    something else collects. Events look there as they do in the dump path.
//	  - [NewCollector] is for holmes's own collector, [NewHTTP] for any receiver
//	    that takes whole events.
//	  - [NewProfefe] and [NewPyroscope] are for existing servers of these. They keep
//	    the profiles under labels by which an event is found, but neither its
//	    readings nor its diagnosis.
//	  - [NewWebhook] sends messages: to [Slack], [DingTalk], [Feishu], to
//	    Prometheus's [Alertmanager], or in a form of your own, [JSON].
//	  - Give [holmes.New] several. Each has its own queue, and none waits for
//	    another. [Only] gives one the events that it is for.
//	  - The packages http_reporter and pyroscope_reporter below this one are for
//	    programs that come from mosn/holmes.
//
// Where nothing can be linked into the service, the command in
// example/agentless pushes what net/http/pprof shows, by cron, to the same
// receivers.
//
// # HTTP
//
//   - The token and the password are in the Authorization header and nowhere
//     else. Errors, names and logs have neither them nor the user info and the
//     query of a URL, and of a webhook's URL only the host.
//   - https is wanted for other machines than this one, see [WithPlainHTTP].
//     Redirects are refused: evidence goes where you say.
//   - Nothing is left running between two reports: no connection, no goroutine.
//     A transport is not shared with the program, see [WithHTTPClient].
//   - Dialing ends after 5 s, all of it after 30 s, see [WithTimeout]. Of an answer
//     64 KiB are read.
//   - 2xx is success. 408, 425, 429, 5xx and errors of the network are retried,
//     after Retry-After if there is one; 401, 403, 404, 407 and redirects, which a
//     change of a configuration ends, every few minutes. Any other answer is final:
//     the event is set aside for this receiver, with the reason.
//
// # Writing another
//
// Implement [holmes.Reporter] and run the suite in the package reportertest
// over it, and its hostile receivers if it speaks HTTP. An error with a method
//
//	RetryAfter() time.Duration
//
// anywhere in its chain asks holmes to wait that long before the next attempt,
// as the ones made here do when a receiver says so. [holmes.Reporter] has the other
// signs of an error, and the method that says how long a call may take.
//
// # Caveats
//
// A profile names the functions of a program, and its labels hold what the
// program put there: choose receivers accordingly. A chat gets names only.
//
// A profile that holmes has removed from disk meanwhile, to stay within its
// budget, is left out of a late delivery; event.json says so in its note.
//
// [JSON] and [WithLink] bring text/template along, which adds 1.7 MB to a program
// that does not have it.
//
// # For developers
//
//	file.go, delivery.go     NewFile
//	http.go, bundle.go       NewHTTP and NewCollector
//	profefe.go               NewProfefe
//	pyroscope*.go, limits.go NewPyroscope
//	uploader.go, memory.go   one request a profile, for these two
//	webhook.go, notice.go    NewWebhook and its notices
//	template.go              the form of it, and one for each receiver:
//	                         slack.go dingtalk.go feishu.go alertmanager.go
//	batch.go, pace.go        events that share a message, and how often
//	only.go, condition.go    Only; severity.go how severe an event is
//	option.go                options that all share
//	env.go                   the collector that the environment names
//	internal/httpclient      the HTTP client of all
//	internal/pproftrim       cuts profiles
package reporters
