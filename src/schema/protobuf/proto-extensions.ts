// A ProtoTree without what extends other files' messages: extensions and custom options. Confluent's own options stay.
import type { EnumTree, FieldTree, GroupTree, MessageTree, OptionTree, ProtoTree, TypeTree } from "./proto-tree.ts";

export function withoutExtensions(file: ProtoTree): ProtoTree {
  return {
    ...file,
    options: own(file.options),
    extends: [],
    types: file.types.map(typeOf),
    services: file.services.map((service) => ({
      ...service,
      options: own(service.options),
      rpcs: service.rpcs.map((rpc) => ({ ...rpc, options: own(rpc.options) })),
    })),
  };
}

function own(options: readonly OptionTree[]): OptionTree[] {
  return options.filter(({ isCustom, name }) => !isCustom || name.startsWith("confluent."));
}

function typeOf(type: TypeTree): TypeTree {
  return type.kind === "message" ? messageOf(type) : enumOf(type);
}

function messageOf(message: MessageTree): MessageTree {
  return {
    ...message,
    options: own(message.options),
    fields: message.fields.map(fieldOf),
    oneofs: message.oneofs.map((oneof) => ({
      ...oneof,
      options: own(oneof.options),
      fields: oneof.fields.map(fieldOf),
      groups: oneof.groups.map(groupOf),
    })),
    groups: message.groups.map(groupOf),
    extensions: [],
    extends: [],
    types: message.types.map(typeOf),
  };
}

function groupOf(group: GroupTree): GroupTree {
  return { ...group, fields: group.fields.map(fieldOf), groups: group.groups.map(groupOf) };
}

function enumOf(type: EnumTree): EnumTree {
  return { ...type, options: own(type.options), constants: type.constants.map((each) => ({ ...each, options: own(each.options) })) };
}

function fieldOf(field: FieldTree): FieldTree {
  return { ...field, options: own(field.options) };
}
