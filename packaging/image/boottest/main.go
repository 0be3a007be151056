// Command boottest boots a box image in QEMU without hardware help (TCG) with a software TPM,
// and holds it to what the image promises: it becomes a node that works for a clinic on this
// machine's loopback, takes a signed update, leaves a broken one by itself, and is the same
// device once its disk is written anew. In: the images that build.sh made and the tools that
// tools.sh unpacked. Out: what it saw with times and sizes, and exit code 1 at the first fault.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c check
	flag.StringVar(&c.tools, "tools", ".tools", "folder of what packaging/image/tools.sh brought")
	flag.StringVar(&c.medhive, "medhive", "bin/medhive", "program of chain, coordinator and clinic")
	flag.StringVar(&c.images, "images", "", "folder with the folders v1, v2, broken that packaging/image/test.sh built")
	flag.StringVar(&c.vendor, "vendor", "", "home folder of the vendor who signed them")
	flag.StringVar(&c.study, "study", "testdata/small-study.zip", "study that the clinic has analysed; an emulated processor takes a hundred times as long for it")
	flag.StringVar(&c.work, "work", "", "folder for disks and logs, made anew")
	flag.DurationVar(&c.patience, "patience", 30*time.Minute, "longest wait for one step of the box")
	flag.Parse()
	if err := c.run(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "boottest: %v\nthe box's console is in %s; read it, mend, and run make test-image again\n", err, filepath.Join(c.work, "console.log"))
		os.Exit(1)
	}
}
