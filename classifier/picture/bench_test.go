package picture_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"golang.org/x/image/draw"

	"github.com/limen-waf/limen/classifier/picture"
)

// photo is a synthetic photograph of 2400 by 1800 pixels, 549 KB as JPEG
// with 4:2:0 colour: soft shapes, edges and the noise of a camera.
var photo = sync.OnceValues(func() (*image.YCbCr, []byte) {
	const width, height = 2400, 1800
	r := rand.New(rand.NewPCG(1, 1))
	img := image.NewYCbCr(image.Rect(0, 0, width, height), image.YCbCrSubsampleRatio420)
	for y := range height {
		for x := range width {
			fx, fy := float64(x), float64(y)
			v := 120 + 50*math.Sin(fx/190+math.Sin(fy/140)) + 30*math.Cos(fy/83+fx/400)
			if math.Mod(fx+0.7*fy, 311) < 120 {
				v += 35 * math.Sin(fx*fy/90000)
			}
			v += 4.2 * r.NormFloat64()
			img.Y[y*img.YStride+x] = byte(min(max(v, 0), 255))
			if x%2 == 0 && y%2 == 0 {
				c := y/2*img.CStride + x/2
				img.Cb[c] = byte(128 + 40*math.Sin(fx/310) + 1.5*r.NormFloat64())
				img.Cr[c] = byte(128 + 40*math.Cos(fy/270) + 1.5*r.NormFloat64())
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 82}); err != nil {
		panic(err)
	}
	return img, b.Bytes()
})

// measure runs do b.N times and reports the processor's time beside the clock's,
// because the latter depends on what else the machine does.
func measure(b *testing.B, do func()) {
	b.Helper()
	b.ReportAllocs()
	do() // fill the pools
	before := cpuTime()
	for b.Loop() {
		do()
	}
	if spent := cpuTime() - before; spent > 0 {
		b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "cpu-ns/op")
	}
}

// BenchmarkDecodeJPEG decodes the photo at each scale, and as the standard
// library does.
func BenchmarkDecodeJPEG(b *testing.B) {
	_, data := photo()
	for _, n := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("%d:8", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			measure(b, func() {
				p, err := picture.Decode(data, picture.Options{NeedWidth: 300 * n, NeedHeight: 225 * n})
				if err != nil || p.Width != 300*n {
					b.Fatal(p, err)
				}
				p.Release()
			})
		})
	}
	b.Run("standard", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		measure(b, func() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkUpload is the whole way of a photo to what a classifier reads: 256
// pixels on the shorter side, the middle 224 by 224.
func BenchmarkUpload(b *testing.B) {
	_, data := photo()
	b.Run("picture", func(b *testing.B) {
		dst := picture.NewRGB(224, 224)
		measure(b, func() {
			p, err := picture.Decode(data, picture.Options{NeedWidth: 342, NeedHeight: 256})
			if err != nil {
				b.Fatal(err)
			}
			side := float64(p.Height) * 224 / 256
			p.Resize(dst, (float64(p.Width)-side)/2, (float64(p.Height)-side)/2, side, side)
			p.Release()
		})
	})
	b.Run("standard", func(b *testing.B) {
		dst := image.NewRGBA(image.Rect(0, 0, 224, 224))
		measure(b, func() {
			img, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				b.Fatal(err)
			}
			draw.BiLinear.Scale(dst, dst.Rect, img, image.Rect(412, 112, 1987, 1687), draw.Src, nil)
		})
	})
}

// BenchmarkUploadParallel is the same on all cores.
func BenchmarkUploadParallel(b *testing.B) {
	_, data := photo()
	b.RunParallel(func(pb *testing.PB) {
		dst := picture.NewRGB(224, 224)
		for pb.Next() {
			p, err := picture.Decode(data, picture.Options{NeedWidth: 342, NeedHeight: 256})
			if err != nil {
				b.Error(err)
				return
			}
			side := float64(p.Height) * 224 / 256
			p.Resize(dst, (float64(p.Width)-side)/2, (float64(p.Height)-side)/2, side, side)
			p.Release()
		}
	})
}

// BenchmarkResize goes from a quarter of the photo to the sizes of models, by
// this package and by golang.org/x/image.
func BenchmarkResize(b *testing.B) {
	src := noise(600, 450)
	img := toImage(src)
	for _, size := range [][2]int{{341, 256}, {224, 224}, {416, 312}} {
		b.Run(fmt.Sprintf("picture/%dx%d", size[0], size[1]), func(b *testing.B) {
			dst := picture.NewRGB(size[0], size[1])
			measure(b, func() { src.Resize(dst, 0, 0, 600, 450) })
		})
		b.Run(fmt.Sprintf("draw/%dx%d", size[0], size[1]), func(b *testing.B) {
			dst := image.NewRGBA(image.Rect(0, 0, size[0], size[1]))
			measure(b, func() { draw.BiLinear.Scale(dst, dst.Rect, img, img.Rect, draw.Src, nil) })
		})
	}
}

// BenchmarkDecodePNG decodes a PNG of 600 by 450.
func BenchmarkDecodePNG(b *testing.B) {
	ycc, _ := photo()
	img := image.NewNRGBA(image.Rect(0, 0, 600, 450))
	draw.Draw(img, img.Rect, ycc, image.Point{}, draw.Src)
	img.Set(0, 0, color.White)
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(buf.Len()))
	measure(b, func() {
		p, err := picture.Decode(buf.Bytes(), picture.Options{})
		if err != nil {
			b.Fatal(err)
		}
		p.Release()
	})
}
