// Package inference serves models over HTTP by the Open Inference Protocol, version 2,
// which KServe, Triton, MLServer and others speak. It knows neither Caddy nor ONNX
// Runtime: a [Repository] finds the models and a [Model] runs.
//
// [NewHandler] answers under /v2:
//
//	GET  /v2                                            server metadata
//	GET  /v2/health/live, /v2/health/ready
//	GET  /v2/models/NAME[/versions/VERSION]             model metadata
//	GET  /v2/models/NAME[/versions/VERSION]/ready
//	GET  /v2/models/NAME[/versions/VERSION]/config      model configuration
//	GET  /v2/models/NAME[/versions/VERSION]/stats       statistics
//	GET  /v2/models/stats                               of all models
//	POST /v2/models/NAME[/versions/VERSION]/infer
//	POST /v2/repository/index                           with Options.Admin
//	POST /v2/repository/models/NAME/load, …/unload      with Options.Admin
//
// The protocol is the document "Predict Protocol - Version 2" of KServe
// (github.com/kserve/open-inference-protocol); the extensions are Triton's: binary
// tensor data with the raw binary request, classification, model repository, model
// configuration and statistics (github.com/triton-inference-server/server,
// docs/protocol). Errors are {"error": …} in Triton's words where it has any. Shared
// memory, sequences, tracing and the logging extension are left out.
//
// An infer request goes through request (the JSON, read by scanner and data), the
// binary tensors (binary), Model.Run, and response; [Statistics] counts it and
// [Options].Observe is told of it as a [Call]. Tensors are read from the connection
// into the memory that the model gets, and written from the memory that it returns.
package inference
