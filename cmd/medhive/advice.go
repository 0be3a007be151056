package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/medhive/medhive/scheduler/settings"
)

// advice is what to do about a fault of the machine that may end any command: it is known here
// once, instead of at every file that is written. Empty: the error says it itself.
func advice(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free some room on that disk, or choose another home with --home"
	case errors.Is(err, syscall.EROFS):
		return "nothing can be written to that disk; choose another home with --home"
	case errors.Is(err, fs.ErrPermission) && !strings.Contains(err.Error(), "; "):
		return "run it as the user whose file it is (an installed service's: sudo -u medhive medhive …), or choose another home with --home"
	default:
		return ""
	}
}

// spoken is an error as a person reads it.
func spoken(err error) string {
	if more := advice(err); more != "" {
		return err.Error() + "; " + more
	}
	return err.Error()
}

// flagFault says what is wrong with a command's flags, which one was meant, and what it takes.
func flagFault(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var unfit *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if near := settings.Nearest(unknown.GetSpecifiedName(), known); near != "" {
			err = fmt.Errorf("%w; did you mean --%s?", err, near)
		}
	case errors.As(err, &unfit):
		if wants, known := flagWants()[unfit.GetFlag().Value.Type()]; known {
			err = fmt.Errorf("--%s %.60q won't do: want %s", unfit.GetFlag().Name, unfit.GetValue(), wants)
		}
	}
	return usageError{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
}

// flagWants are what flags of each type take, instead of what a parser says of it.
func flagWants() map[string]string {
	return map[string]string{
		"int": "a whole number, such as 4", "int64": "a whole number, such as 4",
		"uint": "a whole number of 0 or more, such as 4", "uint64": "a whole number of 0 or more, such as 4",
		"uint16":  "a whole number of 0 to 65535, such as 9401",
		"float64": "a number, such as 80", "bool": "true or false",
		"duration": "a duration with its unit, such as 90s or 24h",
	}
}
