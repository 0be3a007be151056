package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/update"
	"github.com/medhive/medhive/inference/ort"
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	text string
}

func (e exitError) Error() string { return e.text }

// launched says whether this process is a version that the installed program became.
func launched() bool { return os.Getenv(update.RunsVariable) == version }

// launch becomes the version that an update switched to, or returns. What goes wrong is logged:
// this program can run as well.
func launch(home, library string, log *slog.Logger) {
	if launched() {
		return
	}
	self, err := os.Executable()
	if err != nil {
		log.Warn("updates are not looked at", "error", err)
		return
	}
	err = agent.UpdateFolder(home).Launch(update.Base{Version: version, Now: time.Now, Log: log, Exec: func(path, version string) error {
		environ := update.Environment(os.Environ(), version, self)
		if found, err := ort.Locate(library); err == nil && library == "" { // it may lie beside this program
			environ = append(environ, ort.EnvLibrary+"="+found)
		}
		return syscall.Exec(path, os.Args, environ)
	}})
	if err != nil {
		log.Error("this program goes on as it was installed", "error", err)
	}
}

// settleUpdate says, as a node's process ends, whether that counts for or against the version
// that runs, and starts anew where the node asked for that.
func settleUpdate(ctx context.Context, home string, ended error) error {
	if errors.Is(ended, agent.ErrRestart) {
		return startAnew(ended)
	}
	if launched() && (ended == nil || ctx.Err() != nil) {
		return errors.Join(ended, agent.UpdateFolder(home).Stopped(version))
	}
	return ended
}

// startAnew leaves the start to the service manager, where there is one; else this process
// becomes the installed program again, which chooses the version.
func startAnew(why error) error {
	if os.Getenv("NOTIFY_SOCKET") != "" || os.Getenv("INVOCATION_ID") != "" {
		return exitError{exitRestart, why.Error()}
	}
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(agent.InstalledProgram(self), os.Args, update.PlainEnvironment(os.Environ()))
	}
	return fmt.Errorf("start anew: %w; start the node by hand", err)
}
