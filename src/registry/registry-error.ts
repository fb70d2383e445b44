// What a registry answers when it refuses: Confluent's error codes with their HTTP status, and sentences that say what and where.

export class RegistryError extends Error {
  override readonly name = "RegistryError";
  readonly status: number;
  /** Confluent's number, such as 40401. */
  readonly code: number;

  constructor(status: number, code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

const softDeletedHint = "was soft deleted.Set permanent=true to delete permanently";
const notDeletedFirst = "was not deleted first before being permanently deleted";

/** Message texts of the errors that clients match on are Confluent's own. */
export const refuse = {
  subjectNotFound: (subject: string) => new RegistryError(404, 40401, `Subject '${subject}' not found.`),
  versionNotFound: (version: number | string) => new RegistryError(404, 40402, `Version ${version} not found.`),
  schemaNotFound: (what?: number | string) =>
    new RegistryError(404, 40403, what === undefined ? "Schema not found" : `Schema ${what} not found`),
  subjectSoftDeleted: (subject: string) => new RegistryError(404, 40404, `Subject '${subject}' ${softDeletedHint}`),
  subjectNotSoftDeleted: (subject: string) => new RegistryError(404, 40405, `Subject '${subject}' ${notDeletedFirst}`),
  versionSoftDeleted: (subject: string, version: number) =>
    new RegistryError(404, 40406, `Subject '${subject}' Version ${version} ${softDeletedHint}`),
  versionNotSoftDeleted: (subject: string, version: number) =>
    new RegistryError(404, 40407, `Subject '${subject}' Version ${version} ${notDeletedFirst}`),
  noSubjectConfig: (subject: string) =>
    new RegistryError(404, 40408, `Subject '${subject}' does not have subject-level compatibility configured`),
  noSubjectMode: (subject: string) => new RegistryError(404, 40409, `Subject '${subject}' does not have subject-level mode configured`),
  associationNotFound: (resource: string) => new RegistryError(404, 40410, `Association for '${resource}' not found.`),
  associationExists: (type: string, resource: string) =>
    new RegistryError(409, 40903, `An association of type '${type}' already exists for resource '${resource}'`),
  subjectAssociated: (subject: string) => new RegistryError(409, 40904, `An association already exists for subject '${subject}'`),
  subjectStronglyAssociated: (subject: string) =>
    new RegistryError(409, 40905, `A strong association already exists for subject '${subject}'`),
  noActiveVersion: (subject: string) => new RegistryError(409, 40907, `No active (non-deleted) version exists for subject '${subject}'`),
  associationFrozen: (type: string, subject: string) =>
    new RegistryError(409, 40908, `The association of type '${type}' is frozen for subject '${subject}'`),
  invalidAssociation: (property: string, reason: string) =>
    new RegistryError(422, 42212, `The association specified an invalid value for property: '${property}', reason: ${reason}`),
  associationBatchTooLarge: () => new RegistryError(422, 42213, "Associations batchMutate request exceeded a configured limit"),
  incompatible: (subject: string, details: readonly string[]) =>
    new RegistryError(
      409,
      409,
      `Schema being registered is incompatible with an earlier schema for subject "${subject}", details: [${details.join(", ")}]`,
    ),
  invalidSchema: (reason: string, cause?: unknown) => new RegistryError(422, 42201, `Invalid schema: ${reason}`, { cause }),
  schemaTooLarge: (size: number, most: number, unit = "characters") =>
    new RegistryError(422, 42209, `Schema is too large: ${size} ${unit}, the limit is ${most}`),
  unauthorized: (reason: string) => new RegistryError(401, 401, reason),
  forbidden: (reason: string) => new RegistryError(403, 40301, reason),
  invalidVersion: (version: string) =>
    new RegistryError(
      422,
      42202,
      `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
    ),
  invalidCompatibility: () =>
    new RegistryError(
      422,
      42203,
      "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive",
    ),
  invalidMode: () => new RegistryError(422, 42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD"),
  notPermitted: (reason: string) => new RegistryError(422, 42205, reason),
  referenceExists: (subject: string, version: number) =>
    new RegistryError(
      422,
      42206,
      `One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=${subject},version=${version}}.`,
    ),
  idDoesNotMatch: (reason: string) => new RegistryError(422, 42207, reason),
  invalidSubject: (subject: string) => new RegistryError(422, 42208, `The specified subject '${subject}' is not a valid.`),
  invalidRuleSet: (reason: string) => new RegistryError(422, 42210, `Invalid ruleset: ${reason}`),
  contextNotEmpty: (context: string) => new RegistryError(422, 42211, `The specified context '${context}' is not empty.`),
  noSuchPath: (reason: string) => new RegistryError(404, 404, `HTTP 404 Not Found: ${reason}`),
  unprocessable: (reason: string) => new RegistryError(422, 422, reason),
  malformed: (reason: string) => new RegistryError(400, 400, reason),
  store: (reason: string, cause?: unknown) => new RegistryError(500, 50001, `Error in the backend data store: ${reason}`, { cause }),
  notTheWriter: () =>
    new RegistryError(
      500,
      50004,
      "Another registry took over this topic; this one only reads. Send changes to the other, or restart this one.",
    ),
} as const;
