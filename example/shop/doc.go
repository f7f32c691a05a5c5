// Package shop is a small web shop that can be made to fail. The quickstart and
// holmes demo run it to show what holmes finds.
//
// It serves on loopback, under a steady load from visitors of its own. Its
// defects are in guilty.go and the faults that expose them in faults.go. [Shop.Inject]
// starts and ends a fault; [Shop.Close] stops everything that the shop has started.
//
// The package knows nothing of holmes.
package shop
