//go:build !linux

package pace

import "time"

func sleepShort(d time.Duration) { time.Sleep(d) }
