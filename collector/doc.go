// Package collector is the domain of holmes's collector, the server that keeps
// the evidence of a fleet: what a profile and an event are there, how they are
// asked for, and what a [Store] promises. The program is cmd/holmes:
//
//	holmes serve -data /var/lib/holmes
//
// A service sends its events there with the HTTP reporter of holmes; agents of
// profefe and Pyroscope, and curl, can send profiles.
//
//	reporters.NewHTTP("https://holmes.example.com/api/1/events", reporters.WithToken(token))
//
// # How it works
//
// An upload is one profile, or an event with its profiles. It goes to a [Draft]
// of the store as it comes in, is looked at on the way and never decoded, and is
// acknowledged when it is durable. From then on it is found: a profile by its
// service, kind, labels and time, an event by its signal and culprit too.
// Whoever sends an event twice, for want of an answer, finds it stored once.
//
// # Choosing a store
//
// Package files keeps a file for each upload, and an index that can be made of
// them: a directory is all that has to be kept, copied, or looked after. For
// another one implement [Store] and run package storetest over it.
//
// # Errors
//
// An [Error] has a [Code] for programs and a message for people. Whatever is
// none is a fault of the collector or of the machine: its message is for the
// log.
//
// # Caveats
//
//   - One process serves a directory. Several collectors are several
//     directories.
//   - Whoever may read, may read everything: there are no tenants.
//   - A service, a label and a function name are what the sender says they are.
//
// # For developers
//
// This package knows nothing of the others. Each of those knows this one, and
// one dependency of its own:
//
//	api        HTTP: profefe's routes, Pyroscope's, and ours
//	files      the store in a directory, with a bbolt index
//	flame      flame graphs and tables of functions
//	merge      the sum and the difference of profiles, roll-ups
//	pages      what people look at in a browser
//	safepprof  a look at profiles from outside, without decoding them
//	server     a listener that is bounded, and how it stops
//	storetest  what every store has to show
//	cmd/holmes puts them together
//
// The files here:
//
//	meta.go    a profile; kind.go what it shows; labels.go where it is from
//	event.go   an event, and how event.json becomes one
//	query.go   how both are asked for
//	store.go   the contract
//	errors.go  codes
package collector
