/**
 * Every setting of a configuration as a YAML file that says what each means: the values of a preset over the defaults, the
 * schema's descriptions as comments. What it prints is a valid file for --config.
 */
import { Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { z } from 'zod';

interface Described {
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Described>;
}

/** The settings of `schema` with the values of `preset`, as commented YAML. */
export function settingsYaml(schema: z.ZodType, preset: unknown, title: string): string {
  const document = new Document(schema.parse(preset));
  comment(document.contents as YAMLMap<Node, Node>, z.toJSONSchema(schema, { io: 'input' }) as Described);
  document.commentBefore = ` ${title}`;
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function comment(map: YAMLMap<Node, Node>, schema: Described): void {
  for (const { key, value } of map.items) {
    const told = isScalar(key) ? schema.properties?.[`${key.value}`] : undefined;
    if (told === undefined) continue;
    if (isMap(value)) comment(value as YAMLMap<Node, Node>, told);
    else if (isSeq(value)) value.flow = true;
    if (told.description === undefined) continue;
    const choices = told.enum === undefined ? '' : ` (${told.enum.join(', ')})`;
    key.commentBefore = ` ${told.description}${choices}`;
  }
}
