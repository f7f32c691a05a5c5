// Package pprofread reads parsed profiles without trusting them: nil pointers,
// short value slices and negative values are read as nothing. It is the one
// place that knows which of a profile's value columns speaks for its kind.
//
// A profile that came from outside the process must be decoded by
// [profile.ParseUncompressed]; [profile.Parse] falls back to legacy text forms.
package pprofread
