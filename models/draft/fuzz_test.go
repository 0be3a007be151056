package draft

import "testing"

func FuzzCompose(f *testing.F) {
	f.Add([]byte(`{"version":"1.2.3","name":"x","network_data_format":{"inputs":{"image":{"modality":"CT"}},"outputs":{"pred":{"channel_def":{"0":"background","1":"spleen"}}}}}`),
		[]byte(`{"spacing":[1,1,2],"preprocessing":{"transforms":[{"_target_":"Orientationd","axcodes":"RAS"},{"_target_":"Spacingd","pixdim":"@spacing"},{"_target_":"SpatialPadd","spatial_size":[1,2,3]}]},
			"inferer":{"_target_":"SlidingWindowInferer","roi_size":[96,96,96],"overlap":0.5},"postprocessing":{"transforms":[{"_target_":"AsDiscreted","argmax":true},{"_target_":"KeepLargestConnectedComponentd","applied_labels":[1]}]}}`))
	f.Add([]byte(`{}`), []byte(`{"preprocessing":{"transforms":[{"_target_":"Orientationd","axcodes":"@"}]},"inferer":"@inferer"}`))
	f.Add([]byte(`{"network_data_format":{"outputs":{"x":{"channel_def":{"999":"x","-1":"y","0":3}}}}}`), []byte(`{"postprocessing":{"transforms":[{"_target_":".","threshold":[]}]}}`))
	weights := []byte("\x08\x08\x3a\x0a\x5a\x03\x0a\x01x\x62\x03\x0a\x01y") // a graph from x to y
	f.Fuzz(func(t *testing.T, metadata, inference []byte) {
		d, err := compose(weights, metadata, inference, Facts{})
		if err != nil {
			return
		}
		if _, err := d.Text(); err != nil {
			t.Error(err)
		}
	})
}
