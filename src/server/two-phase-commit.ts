// Broker settings of an embedded broker: jobs keep what they have prepared without a timeout (KIP-939). Whoever sets them otherwise is obeyed.

export const TWO_PHASE_COMMIT: Readonly<Record<string, string>> = {
  "unstable.api.versions.enable": "true",
  "transaction.two.phase.commit.enable": "true",
};
