// millrace/testing: what pipelines and connectors are tested with, in any test runner.
export { ContractViolation, type ContractCheck } from "./connector-contract/contract-violation.ts";
export { sinkContract, type SinkContractOptions, type SinkWorld } from "./connector-contract/sink-contract.ts";
export { sourceContract, type SourceContractOptions, type SourceWorld } from "./connector-contract/source-contract.ts";
export type { PipelineSteps } from "./pipeline/stepped-pipeline.ts";
export { testPipeline, type StepOptions } from "./pipeline/test-pipeline.ts";
export { VariantsDifferError, type TestInputs, type TestOptions, type TestResult, type TestRows } from "./pipeline/run-variants.ts";
export { testProcess, type ProcessSteps } from "./pipeline/test-process.ts";
