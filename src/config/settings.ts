/**
 * Every setting of a configuration as a YAML file that says what each means: the values of a preset over the defaults, the
 * schema's descriptions as comments. What it prints is a valid file for --config. Settings that a preset does without stand at the
 * end of their part as comments, to be taken in by removing the `#`.
 */
import { Document, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import { z } from 'zod';

interface Described {
  description?: string;
  default?: unknown;
  enum?: unknown[];
  items?: { enum?: unknown[] };
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
    if (told.description !== undefined) key.commentBefore = ` ${meaning(told)}`;
  }
  const absent = Object.entries(schema.properties ?? {}).filter(([key]) => !map.has(key));
  if (absent.length > 0) map.comment = absent.flatMap((of) => left(...of)).join('\n');
}

function meaning({ description, ...told }: Described): string {
  const choices = told.enum ?? told.items?.enum;
  return `${description ?? ''}${choices === undefined ? '' : ` (${choices.join(', ')})`}`;
}

/** The lines of a setting that is not there, its meaning behind `mark`, and of those below it. */
function left(key: string, told: Described, mark = ''): string[] {
  const value = told.default === undefined ? '' : ` ${JSON.stringify(told.default)}`;
  const below = Object.entries(told.properties ?? {}).flatMap((of) => left(...of, '# '));
  return [` ${mark}${meaning(told)}`, ` ${key}:${value}`, ...below.map((line) => `  ${line}`)];
}
