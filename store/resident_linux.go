package store

import (
	"syscall"

	"go.etcd.io/bbolt"
)

// dropResident lets go of the pages of a database that are mapped into the process.
// They stay in the system's cache. The kernel maps sixteen pages around each one
// that is touched, so a file that grows steadily would be resident as a whole before
// long, although nothing looks at its old rows.
func dropResident(tx *bbolt.Tx) {
	const small = 4 << 20 // not worth the faults that follow
	if tx.Size() < small {
		return
	}
	// Within a transaction the map does not move, and it is no shorter than Size.
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, tx.DB().Info().Data, uintptr(tx.Size()), syscall.MADV_DONTNEED)
}
