// Tags in .proto texts: found wherever they can be written, changed without touching anything else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseProtobuf } from "./parse-protobuf.ts";
import { taggedPlaces, withTags } from "./proto-meta.ts";

const TEXT = `syntax = "proto3";
package shop;

import "confluent/meta.proto";

message Order {
  option (confluent.message_meta) = { doc: "An order", tags: ["PII", "OLD"] };
  string id = 1;
  string mail = 2 [deprecated = true, (confluent.field_meta).tags = "PII"];
  repeated Line lines = 3 [(confluent.field_meta) = { params: [{ key: "a,b", value: "c]" }], tags: "X" }];
  oneof paid {
    bool cash = 4;
    map_like card = 5;
  }
  map<string, Line> byName = 6;
  enum Kind {
    option allow_alias = true;
    A = 0 [deprecated = true];
  }
  message Line {
    int32 count = 1;
  }
}
message map_like {
}
`;
const tagsOf = (text: string): Record<string, readonly string[]> =>
  Object.fromEntries(taggedPlaces(text).flatMap(({ path, tags }) => (tags.length === 0 ? [] : [[path, tags]])));

test("tags of messages and fields are found in every form", () => {
  assert.deepEqual(tagsOf(TEXT), { "shop.Order": ["PII", "OLD"], "shop.Order.mail": ["PII"], "shop.Order.lines": ["X"] });
  const places = taggedPlaces(TEXT).map(({ path, kind }) => `${kind} ${path}`);
  for (const place of ["field shop.Order.cash", "field shop.Order.byName", "message shop.Order.Line", "field shop.Order.Line.count"])
    assert.ok(places.includes(place), place);
  assert.equal(places.length, 10);
});

test("without a change only the layout changes", () => {
  assert.equal(withTags(TEXT, ({ tags }) => tags).replaceAll(/\s+/g, ""), TEXT.replaceAll(/\s+/g, ""));
});

test("added and taken away, everything else as it was", () => {
  const added = withTags(TEXT, ({ path, tags }) => (/(?:Order|card|byName|count|lines)$/.test(path) ? [...tags, 'N"EW'] : tags));
  assert.deepEqual(tagsOf(added), {
    "shop.Order": ["PII", "OLD", 'N"EW'],
    "shop.Order.mail": ["PII"],
    "shop.Order.lines": ["X", 'N"EW'],
    "shop.Order.card": ['N"EW'],
    "shop.Order.byName": ['N"EW'],
    "shop.Order.Line.count": ['N"EW'],
  });
  assert.match(added, /option \(confluent\.message_meta\) = \{ ?doc: "An order", tags: \["PII", "OLD", "N\\"EW"\] ?\};/);
  assert.match(added, /params: \[\{ ?key: "a,b", value: "c\]" ?\}\]/);
  assert.match(added, /mail = 2 \[deprecated = true, \(confluent\.field_meta\)\.tags = "PII"\]/);
  parseProtobuf(added);
  const none = withTags(added, () => []);
  assert.deepEqual(tagsOf(none), {});
  assert.match(none, /message_meta\) = \{ ?doc: "An order" ?\};/);
  assert.match(none, /string mail = 2 \[deprecated = true\];/);
});

test("the file that the options need is imported once", () => {
  const plain = 'syntax = "proto3"; message M { int32 a = 1; }';
  const tagged = withTags(plain, ({ path }) => (path === "M.a" ? ["T"] : []));
  assert.deepEqual(tagsOf(tagged), { "M.a": ["T"] });
  assert.equal(tagged.match(/import "confluent\/meta\.proto";/g)!.length, 1);
  assert.equal(withTags(tagged, () => ["T"]).match(/import/g)!.length, 1);
});
