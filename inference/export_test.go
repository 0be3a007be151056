package inference

// SetRoom limits a segmentation to less than a result has room for.
func (a *Analysis) SetRoom(bytes int) { a.room = bytes }
