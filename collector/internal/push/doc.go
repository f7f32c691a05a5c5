// Package push reads the requests of Pyroscope's Push, as protocol buffers and as
// JSON, while they arrive: whatever is sent, it holds some KiB, and hands out each
// profile as a stream.
//
// The messages, of push.v1 in github.com/grafana/pyroscope/api:
//
//	PushRequest      series=1
//	RawProfileSeries labels=1 {name=1, value=2}, samples=2
//	RawSample        raw_profile=1, ID=2
//
// Other fields are passed over, as later versions may have them.
//
// # File map
//
//	sink.go    what a request is read into
//	proto.go   protocol buffers
//	json.go    JSON
//	scanner.go the values of JSON, one after the other
//	text.go    strings of JSON, and the base64 in them
package push
