//go:build !unix

package inference

import "time"

func processorTime() time.Duration { return 0 }
