package event

// Version is the release of holmes that wrote an event.
const Version = "0.1.0-dev"
