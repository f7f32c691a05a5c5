package push

import "io"

// A Sink is what a request is read into. Its methods are called in the order of the
// request, and the first error ends the reading.
type Sink interface {
	// Series begins a series.
	Series() error
	// Label adds a label to the series. Encoders write them before the samples,
	// but nothing makes them.
	Label(name, value string) error
	// EndSeries ends the series.
	EndSeries() error

	// Sample begins a sample of the series.
	Sample() error
	// Profile is the profile of the sample. What is not read of it is passed
	// over. An error of the source comes again when the reading goes on.
	Profile(raw io.Reader) error
	// ID is the ID of the sample.
	ID(id string) error
	// EndSample ends the sample.
	EndSample() error
}

// MaxText is how many bytes of a label or an ID are handed out. The rest is passed
// over: a sink refuses what is as long.
const MaxText = 4 << 10
