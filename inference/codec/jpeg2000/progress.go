package jpeg2000

// progress calls read for every packet of a progression, in its order (T.800 B.12).
func (t *tile) progress(p progression, read func(*component, *resolution, *precinct) error) error {
	levels := 0
	for n := p.compFrom; n < p.compTo; n++ {
		levels = max(levels, len(t.components[n].resolutions))
	}
	p.resTo = min(p.resTo, levels)
	if err := t.steps.take(1); err != nil {
		return err
	}
	// once reads the packet of a layer, unless an earlier progression has.
	once := func(c, r, k, layer int) error {
		if err := t.steps.take(1); err != nil {
			return err
		}
		comp := &t.components[c]
		if res := &comp.resolutions[r]; res.precincts[k].layers <= layer {
			return read(comp, res, &res.precincts[k])
		}
		return nil
	}
	// places reads all packets of these components and resolutions by their place.
	places := func(compFrom, compTo, resFrom, resTo int) error {
		return t.positions(compFrom, compTo, resFrom, resTo, func(x, y int) error {
			if err := t.steps.take((compTo - compFrom) * (resTo - resFrom)); err != nil {
				return err
			}
			for c := compFrom; c < compTo; c++ {
				for r := resFrom; r < resTo; r++ {
					k, ok := t.precinctAt(c, r, x, y)
					for layer := 0; ok && layer < p.layerTo; layer++ {
						if err := once(c, r, k, layer); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
	}
	switch p.order {
	case orderLRCP:
		return t.byLayer(p, func(layer int) error {
			for r := p.resFrom; r < p.resTo; r++ {
				if err := t.allPrecincts(p, r, layer, once); err != nil {
					return err
				}
			}
			return nil
		})
	case orderRLCP:
		for r := p.resFrom; r < p.resTo; r++ {
			err := t.byLayer(p, func(layer int) error { return t.allPrecincts(p, r, layer, once) })
			if err != nil {
				return err
			}
		}
	case orderRPCL:
		for r := p.resFrom; r < p.resTo; r++ {
			if err := places(p.compFrom, p.compTo, r, r+1); err != nil {
				return err
			}
		}
	case orderPCRL:
		return places(p.compFrom, p.compTo, p.resFrom, p.resTo)
	case orderCPRL:
		for c := p.compFrom; c < p.compTo; c++ {
			if err := places(c, c+1, p.resFrom, p.resTo); err != nil {
				return err
			}
		}
	}
	return nil
}

// byLayer walks over the layers of a progression.
func (t *tile) byLayer(p progression, do func(layer int) error) error {
	for layer := range p.layerTo {
		if err := do(layer); err != nil {
			return err
		}
	}
	return nil
}

// allPrecincts reads one layer of every precinct of a resolution.
func (t *tile) allPrecincts(p progression, r, layer int, once func(c, r, k, layer int) error) error {
	for c := p.compFrom; c < p.compTo; c++ {
		if err := t.steps.take(1); err != nil {
			return err
		}
		if r >= len(t.components[c].resolutions) {
			continue
		}
		for k := range t.components[c].resolutions[r].precincts {
			if err := once(c, r, k, layer); err != nil {
				return err
			}
		}
	}
	return nil
}

// positions walks over the places of the grid where precincts of these components and
// resolutions may begin.
func (t *tile) positions(compFrom, compTo, resFrom, resTo int, do func(x, y int) error) error {
	const none = 63
	stepX, stepY := none, none // exponents of two
	for c := compFrom; c < compTo; c++ {
		resolutions := t.components[c].resolutions
		for r := resFrom; r < min(resTo, len(resolutions)); r++ {
			if len(resolutions[r].precincts) == 0 {
				continue
			}
			down := len(resolutions) - 1 - r
			stepX = min(stepX, resolutions[r].precinctX+down)
			stepY = min(stepY, resolutions[r].precinctY+down)
		}
	}
	if stepX == none {
		return nil
	}
	for y := t.y0; y < t.y1; y = (y>>stepY + 1) << stepY {
		for x := t.x0; x < t.x1; x = (x>>stepX + 1) << stepX {
			if err := do(x, y); err != nil {
				return err
			}
		}
	}
	return nil
}

// precinctAt finds the precinct that begins at a place of the grid (T.800 B.12.1.3).
func (t *tile) precinctAt(c, r, x, y int) (int, bool) {
	resolutions := t.components[c].resolutions
	if r >= len(resolutions) {
		return 0, false
	}
	res := &resolutions[r]
	if len(res.precincts) == 0 {
		return 0, false
	}
	down := len(resolutions) - 1 - r
	begins := func(v, start, low, size int) bool {
		return v&(1<<(size+down)-1) == 0 || v == start && (low<<down)&(1<<(size+down)-1) != 0
	}
	if !begins(x, t.x0, res.x0, res.precinctX) || !begins(y, t.y0, res.y0, res.precinctY) {
		return 0, false
	}
	px := ceilShift(x, down)>>res.precinctX - res.x0>>res.precinctX
	py := ceilShift(y, down)>>res.precinctY - res.y0>>res.precinctY
	if px >= res.across || py >= res.down {
		return 0, false
	}
	return py*res.across + px, true
}
