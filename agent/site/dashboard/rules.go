package dashboard

import "net/http"

// rulesPage are the rules and, if one was asked for, what they make of a study.
type rulesPage struct {
	Text        string
	Study       string
	Explanation *Explanation
	Fault       string
	Changed     bool // the text is not the one in force
	Loaded      bool
}

func showRules(v *visit) error {
	text, err := v.site.RulesText()
	if err != nil {
		return err
	}
	return v.Page(http.StatusOK, "rules", "Rules", rulesPage{Text: text, Study: v.R.URL.Query().Get("case")})
}

func sendTry(v *visit) error {
	form := v.R.PostForm
	stands, err := v.site.RulesText()
	if err != nil {
		return err
	}
	p := rulesPage{Text: lineEnds(form.Get("rules")), Study: form.Get("study")}
	p.Changed = p.Text != stands
	x, err := v.explain(ExplainRequest{Study: p.Study, Rules: p.Text})
	if err != nil {
		p.Fault = err.Error()
		return v.Page(http.StatusUnprocessableEntity, "rules", "Rules", p)
	}
	p.Explanation = &x
	return v.Page(http.StatusOK, "rules", "Rules", p)
}

// lineEnds are those of a file: a browser sends others.
func lineEnds(text string) string {
	var kept []byte
	for i := range len(text) {
		if text[i] != '\r' {
			kept = append(kept, text[i])
		}
	}
	return string(kept)
}

func sendLoad(v *visit) error {
	p := rulesPage{}
	err := v.site.LoadRules(v.Who)
	if err != nil {
		p.Fault = err.Error()
	}
	p.Loaded = err == nil
	if p.Text, err = v.site.RulesText(); err != nil {
		return err
	}
	return v.Page(http.StatusOK, "rules", "Rules", p)
}
