// Package simulation lets a network of made-up nodes live through a year under the real
// rules of attest/score and attest/canary: they come and go, drop out, wait for work that
// swells and ebbs, and some of them cheat. In: a Config with a seed. Out: a Report of who
// was caught, who was flagged without cause, and what each tier earned, with a picture of
// it. It runs no model and signs nothing; the same seed gives the same report.
package simulation
