package ringbuf_test

import (
	"fmt"

	"tickgate/pkg/ringbuf"
)

func Example() {
	ring, err := ringbuf.New(4, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := uint64(1); i <= 8; i++ {
		ring.Publish([]uint64{i, i * i})
	}

	words := make([]uint64, 2)
	fmt.Println("latest:", ring.Latest(words), words)

	next, missed := uint64(1), uint64(0)
	for {
		result := ring.Read(next, words)
		switch result.Status {
		case ringbuf.Empty:
			fmt.Println("missed:", missed)
			return
		case ringbuf.Lapped:
			next, missed = result.Oldest, missed+result.Missed
		case ringbuf.Copied:
			fmt.Println(next, words)
			next++
		}
	}
	// Output:
	// latest: 8 [8 64]
	// 6 [6 36]
	// 7 [7 49]
	// 8 [8 64]
	// missed: 5
}

func ExampleNew() {
	_, err := ringbuf.New(1000, 2)
	fmt.Println(err)
	// Output:
	// ringbuf: depth: 1000 is not a power of two from 4 to 1048576
}
