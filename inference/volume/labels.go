package volume

import (
	"fmt"
	"math"
)

// MapLabels brings labels from the grid on which a model worked to the source
// grid: each source voxel takes the label of the nearest conformed voxel; outside
// it is background (0). Where the grids differ only by turns, flips and whole
// shifts, the copy is exact.
func MapLabels(labels *Labels, source Grid) (*Labels, error) {
	if err := labels.Validate(); err != nil {
		return nil, fmt.Errorf("map labels: %w", err)
	}
	if err := source.Validate(); err != nil {
		return nil, fmt.Errorf("map labels to the source: %w", err)
	}
	m := indexMap(source, labels.Grid)
	if l, ok := asLattice(m, source.Size); ok {
		return &Labels{Grid: source, Data: gather(labels.Data, labels.Size, source.Size, l)}, nil
	}
	out := &Labels{Grid: source, Data: make([]uint8, source.Voxels())}
	size := labels.Size
	parallel(0, source.Size[2], func(k int) {
		for j := range source.Size[1] {
			start := apply(m, [3]float64{0, float64(j), float64(k)})
			row := out.Data[(k*source.Size[1]+j)*source.Size[0]:][:source.Size[0]]
			for n := range row {
				i := int(math.Floor(start[0] + float64(n)*m[0][0] + 0.5))
				j := int(math.Floor(start[1] + float64(n)*m[1][0] + 0.5))
				k := int(math.Floor(start[2] + float64(n)*m[2][0] + 0.5))
				if uint(i) < uint(size[0]) && uint(j) < uint(size[1]) && uint(k) < uint(size[2]) {
					row[n] = labels.Data[(k*size[1]+j)*size[0]+i]
				}
			}
		}
	})
	return out, nil
}
