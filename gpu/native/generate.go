package native

//go:generate go -C asmgen run . -out ../kernels_amd64.s -stubs ../kernels_amd64.go -pkg native
