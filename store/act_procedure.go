package store

// NewActProcedure makes a procedure whose calls are acts: those of models that serve
// traffic (classify, detect, infer). It stands in the registry for its name and its
// version. What it does is done by who calls [Store.InvokeAct] or [Store.RecordAct]:
// an input is a picture or tensors as they came, not JSON, and rows are too many for the
// permanent file.
//
// The version is raised when the same input would give another output with the same
// model and preset.
func NewActProcedure(name string, version int, about string) *Procedure {
	return &Procedure{Name: name, Version: version, About: about, Acts: true}
}
