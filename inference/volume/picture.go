package volume

import "fmt"

// Resize brings a picture to a number of columns and rows; channels and the place of its
// outer edges stay. Kernel is "linear" (bilinear between pixel centres, no smoothing
// before reduction, as torch's interpolate with align_corners=False and OpenCV's
// INTER_LINEAR) or "nearest" (the pixel in which the new centre lies).
func Resize(img *Image, size [2]int, kernel string) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("resize: %w", err)
	}
	if kernel != "linear" && kernel != "nearest" {
		return nil, fmt.Errorf("resize: kernel %.20q is unknown; use linear or nearest", kernel)
	}
	if min(size[0], size[1]) < 1 || size[0] > MaxVoxels/size[1] {
		return nil, fmt.Errorf("resize to %v: out of range", size)
	}
	if size == [2]int{img.Size[0], img.Size[1]} {
		return img, nil
	}
	ratio := [3]float64{float64(img.Size[0]) / float64(size[0]), float64(img.Size[1]) / float64(size[1]), 1}
	out, err := sample(img, [3]int{size[0], size[1], img.Size[2]}, ratio, kernel, false)
	if err != nil {
		return nil, fmt.Errorf("resize to %v: %w", size, err)
	}
	return out, nil
}

// lumaWeights turn red, green and blue into grey (ITU-R BT.601-7, section 2.5.1).
var lumaWeights = [3]float32{0.299, 0.587, 0.114}

// convertChannels gives a picture three channels or one: "repeat" copies grey three
// times, "grey" takes the luma of red, green and blue. A picture that already has as
// many channels is returned as it is.
func convertChannels(img *Image, kind string) (*Image, error) {
	plane := img.Size[0] * img.Size[1]
	out := &Image{Grid: img.Grid}
	switch {
	case kind == "repeat" && img.Size[2] == 3, kind == "grey" && img.Size[2] == 1:
		return img, nil
	case kind == "repeat" && img.Size[2] == 1:
		out.Size[2] = 3
		out.Data = make([]float32, 0, 3*plane)
		for range 3 {
			out.Data = append(out.Data, img.Data...)
		}
	case kind == "grey" && img.Size[2] == 3:
		out.Size[2] = 1
		out.Data = make([]float32, plane)
		for n := range out.Data {
			out.Data[n] = lumaWeights[0]*img.Data[n] + lumaWeights[1]*img.Data[plane+n] + lumaWeights[2]*img.Data[2*plane+n]
		}
	default:
		return nil, fmt.Errorf("rgb: %.20q can't be made of %d channels: %w", kind, img.Size[2], ErrUnsuited)
	}
	return out, nil
}
