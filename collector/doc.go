// Package collector is the domain of holmes's collector, the server that keeps
// the evidence of a fleet: profiles, events, queries for both, and the contract of
// a [Store]. The program is cmd/holmes:
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
// of the store as it comes in, is checked on the way without being decoded, and is
// acknowledged when it is durable. From then on it is found: a profile by its
// service, kind, labels and time, an event by its signal and culprit too. An event
// that is sent twice is stored once.
//
// # Choosing a store
//
// Package files keeps a file for each upload, and an index that can be rebuilt from
// them: a directory is all that has to be operated and copied. For another store,
// implement [Store] and run package storetest over it.
//
// # Errors
//
// An [Error] has a [Code] for programs and a message for people. Any other error is
// a fault of the collector or of the machine, and its message is for the log.
//
// # Caveats
//
//   - One process serves a directory. Several collectors are several
//     directories.
//   - A client that may read may read everything: there are no tenants.
//   - Services, labels and function names are the sender's, and not verified.
//
// # For developers
//
// This package imports none of the others; the tables in imports_test.go list the
// imports of all:
//
//	api        HTTP: profefe's routes, Pyroscope's, and ours
//	files      the store in a directory, with a bbolt index
//	flame      flame graphs and tables of functions
//	merge      the sum and the difference of profiles, roll-ups
//	pages      the pages for a browser
//	safepprof  bounded checks of profiles, without decoding them
//	server     a listener that is bounded, and how it stops
//	storetest  the conformance suite of stores
//
// The program cmd/holmes is made of packages below internal: command (flags, help,
// output), source (reading evidence from a collector, a directory or a file), demo,
// serve (a whole collector), render (the forms of merged profiles), term and units.
//
// The files here:
//
//	meta.go    a profile; kind.go its kinds; labels.go its labels
//	event.go   an event, made from event.json
//	query.go   queries for both
//	store.go   the contract
//	errors.go  codes
package collector
