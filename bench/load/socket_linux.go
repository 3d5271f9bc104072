package load

import (
	"fmt"
	"net/netip"
	"syscall"
	"time"
	"unsafe"
)

// dial connects a non-blocking TCP socket to the address.
func dial(address netip.AddrPort) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("making a socket: %w", err)
	}
	// A refused or full listener answers at once on the loopback, so connecting
	// may block.
	err = syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(address.Port()), Addr: address.Addr().As4()})
	if err == nil {
		err = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	}
	if err == nil {
		err = syscall.SetNonblock(fd, true)
	}
	if err != nil {
		syscall.Close(fd)
		return -1, fmt.Errorf("connecting to %s: %w", address, err)
	}
	return fd, nil
}

// poller is an epoll set whose sockets carry a small number each.
type poller struct {
	fd     int
	events [128]syscall.EpollEvent
	coarse bool // the kernel has no epoll_pwait2
}

func newPoller() (*poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	return &poller{fd: fd}, nil
}

func (p *poller) close() { syscall.Close(p.fd) }

// add watches the socket for input, and for room to write if asked.
func (p *poller) add(fd, number int) error {
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(number)})
}

func (p *poller) watch(fd, number int, writing bool) error {
	events := uint32(syscall.EPOLLIN)
	if writing {
		events |= syscall.EPOLLOUT
	}
	return syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_MOD, fd, &syscall.EpollEvent{Events: events, Fd: int32(number)})
}

// sysEpollPwait2 is the same number on every Linux architecture but alpha. It
// waits to the nanosecond where epoll_wait knows milliseconds, which would be
// the error of every latency measured.
const sysEpollPwait2 = 441

// wait returns the sockets that are ready, none when timeout has passed.
func (p *poller) wait(timeout time.Duration) ([]syscall.EpollEvent, error) {
	timeout = max(timeout, 0)
	for {
		if !p.coarse {
			spec := syscall.NsecToTimespec(int64(timeout))
			n, _, errno := syscall.Syscall6(sysEpollPwait2, uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])),
				uintptr(len(p.events)), uintptr(unsafe.Pointer(&spec)), 0, 0)
			switch errno {
			case 0:
				return p.events[:n], nil
			case syscall.ENOSYS:
				p.coarse = true
			case syscall.EINTR:
				return nil, nil
			default:
				return nil, fmt.Errorf("waiting for sockets: %w", errno)
			}
			continue
		}
		n, err := syscall.EpollWait(p.fd, p.events[:], int(timeout/time.Millisecond))
		if err == syscall.EINTR {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("waiting for sockets: %w", err)
		}
		return p.events[:n], nil
	}
}

// sharpenTimers asks the kernel to wake this thread on time: by default it may
// be 50 µs late to save power.
func sharpenTimers() {
	const prSetTimerSlack = 29
	// Failing only costs accuracy, which Result.Lags shows.
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, prSetTimerSlack, 1, 0)
}
