package event

// Version is this release of holmes. event.json has the version that wrote it.
const Version = "0.1.0-dev"
