package main

import (
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p/gologshim"
)

// hushPeers keeps libp2p from writing past the roles' logs: what fails there comes back as an
// error, which is told once and with what to do. Who looks for a fault of the library itself
// sets its own variable.
func hushPeers() {
	if os.Getenv("GOLOG_LOG_LEVEL") == "" {
		gologshim.SetDefaultHandler(slog.DiscardHandler)
	}
}
