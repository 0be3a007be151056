package config

// Change is a key whose value is another one than before.
type Change struct {
	Key  string `json:"key"`
	From string `json:"from"` // TOML
	To   string `json:"to"`   // TOML
	Live bool   `json:"live"` // it needs no restart
}

// Changes are the keys in which two tables of one role differ.
func Changes(old, young *Table) (list []Change) {
	for _, k := range old.Keys() {
		if now, ok := young.Key(k.Name); ok && now.Value() != k.Value() {
			list = append(list, Change{Key: k.Name, From: k.Shown(), To: now.Shown(), Live: k.Live})
		}
	}
	return list
}
