// Every route of the registry. docs/registry-api.md is made of this table (tools/registry-docs.ts).
import type { Route } from "../route.ts";
import { ASSOCIATION_ROUTES } from "./associations.ts";
import { COMPATIBILITY_ROUTES } from "./compatibility.ts";
import { SCHEMA_ROUTES } from "./schemas.ts";
import { SERVER_ROUTES } from "./server.ts";
import { SETTING_ROUTES } from "./settings.ts";
import { SUBJECT_ROUTES } from "./subjects.ts";
import { TAG_ROUTES } from "./tags.ts";

export const ROUTES: readonly Route[] = [
  ...SERVER_ROUTES,
  ...SCHEMA_ROUTES,
  ...SUBJECT_ROUTES,
  ...TAG_ROUTES,
  ...COMPATIBILITY_ROUTES,
  ...SETTING_ROUTES,
  ...ASSOCIATION_ROUTES,
];
