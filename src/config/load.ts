/**
 * One resolved configuration from layers, later ones winning:
 *
 *   schema defaults  <  settings gone on with  <  preset  <  YAML file  <  --set a.b=c
 *
 * Objects merge key by key, anything else (lists too) is replaced whole. Every key must be known to the schema, whether
 * it calls itself strict or not: a misspelt key that is silently ignored costs a training. The schema is zod's, its
 * known keys are read from the JSON schema that zod derives from it.
 */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError } from '../errors.ts';
import { nearestName } from './suggest.ts';

export interface ConfigSources {
  /** Settings of earlier work that is gone on with. */
  base?: { name: string; values: unknown };
  /** A named preset's values: `{ name: 'tiny', values: { model: { width: 8 } } }`. */
  preset?: { name: string; values: unknown };
  /** Path of a YAML file. */
  file?: string;
  /** Overrides as typed: `['model.width=64', 'model.multipliers=[1, 2]']`. */
  set?: readonly string[];
}

/** Null-prototype, so that a key like `__proto__` is a key like any other: unknown. */
type Tree = { [key: string]: unknown };
interface Layer {
  origin: string;
  tree: Tree;
}

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mergeInto(target: Tree, source: Tree): Tree {
  for (const key of Object.keys(source)) {
    const value = source[key];
    const own = target[key];
    target[key] = isTree(value) ? mergeInto(isTree(own) ? own : Object.create(null), value) : value;
  }
  return target;
}

function parseYaml(text: string, origin: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  if (document.errors.length > 0)
    throw new ConfigError({
      found: `${origin} is not YAML: ${document.errors[0].message.trimEnd()}`,
      expected: 'valid YAML, each key once',
      todo: 'mend it at the place named',
    });
  try {
    // Settings have no use for aliases, and without them a small file cannot unfold into a huge or endless tree.
    return document.toJS({ maxAliasCount: 0 });
  } catch (cause) {
    throw new ConfigError(
      {
        found: `${origin} has an alias (*name)`,
        expected: 'plain settings, each value written out',
        todo: 'write the value in the place of the alias, or quote text that begins with *',
      },
      { cause },
    );
  }
}

function fileLayer(file: string): Layer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(
      {
        found: `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}`,
        expected: 'a readable YAML file',
        todo: 'check the path given to --config',
      },
      { cause },
    );
  }
  const value = parseYaml(text, file) ?? {};
  if (!isTree(value))
    throw new ConfigError({
      found: `${file} holds ${Array.isArray(value) ? 'a list' : JSON.stringify(value)}`,
      expected: 'keys with values, as in "model:" and below it "  width: 32"',
      todo: 'write the settings as keys',
    });
  return { origin: file, tree: value };
}

function setLayer(text: string): Layer {
  const origin = `--set ${text}`;
  const equals = text.indexOf('=');
  const keys = text.slice(0, Math.max(0, equals)).trim().split('.');
  const written = text.slice(equals + 1).trim();
  if (keys.includes('') || written === '')
    throw new ConfigError({
      found: origin,
      expected: 'a dotted key, "=" and a value, as in --set model.width=64',
      todo: 'write it so; quote values with spaces for the shell; write null for no value',
    });
  const tree: Tree = Object.create(null);
  let node = tree;
  for (const key of keys.slice(0, -1)) node = node[key] = Object.create(null) as Tree;
  node[keys[keys.length - 1]] = parseYaml(written, origin);
  return { origin, tree };
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
}

const alternatives = (schema: JsonSchema): JsonSchema[] => [
  ...(schema.anyOf ?? []),
  ...(schema.oneOf ?? []),
  ...(schema.allOf ?? []),
];

/** Every dotted key a schema knows, branches included. */
function knownKeys(schema: JsonSchema, prefix = ''): string[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, child]) => [
    `${prefix}${key}`,
    ...knownKeys(child, `${prefix}${key}.`),
  ]);
  return [...new Set([...own, ...alternatives(schema).flatMap((branch) => knownKeys(branch, prefix))])];
}

/** The keys of `value` that no branch of the schema knows. */
function unknownKeys(value: unknown, schema: JsonSchema, prefix = ''): string[] {
  if (!isTree(value)) return [];
  const flat = (node: JsonSchema): JsonSchema[] => [node, ...alternatives(node).flatMap(flat)];
  const nodes = flat(schema).filter(
    (node) => node.properties !== undefined || node.additionalProperties !== undefined,
  );
  if (nodes.length === 0 || nodes.some((node) => node.additionalProperties === true)) return [];
  return Object.keys(value).flatMap((key) => {
    const children = nodes.flatMap((node) => {
      if (Object.hasOwn(node.properties ?? {}, key)) return [node.properties![key]];
      return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
    });
    const path = `${prefix}${key}`;
    return children.length === 0 ? [path] : unknownKeys(value[key], { anyOf: children }, `${path}.`);
  });
}

/** The layer that a key came from, in words; later layers win. */
function originOf(path: string, layers: readonly Layer[]): string {
  const keys = path.split('.');
  const holds = (layer: Layer): boolean => {
    let node: unknown = layer.tree;
    for (const key of keys) {
      if (!isTree(node)) return true; // the value inside which the path lies
      if (!Object.hasOwn(node, key)) return false;
      node = node[key];
    }
    return true;
  };
  const layer = layers.findLast(holds);
  return layer === undefined ? '' : ` (${layer.origin})`;
}

function valueAt(tree: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null ? (node as Record<PropertyKey, unknown>)[key] : undefined,
    tree,
  );
}

const KIND: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list, as in [1, 2]',
  object: 'a group of keys',
};

/** One thing wrong with a value, in words: `-1, where a number above 0 is expected`. */
function issueText(issue: z.core.$ZodIssue, value: unknown): string {
  const shown = value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 60);
  const wanted = expectedText(issue);
  return wanted === undefined ? issue.message : `${shown}, where ${wanted} is expected`;
}

function expectedText(issue: z.core.$ZodIssue): string | undefined {
  if (issue.code === 'invalid_type') return KIND[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return `one of ${issue.values.join(', ')}`;
  if (issue.code === 'not_multiple_of') return `a multiple of ${issue.divisor}`;
  if (issue.code !== 'too_small' && issue.code !== 'too_big') return undefined;
  const [limit, inclusive, exclusive] =
    issue.code === 'too_small' ? [issue.minimum, 'at least', 'above'] : [issue.maximum, 'at most', 'below'];
  const words = `${issue.inclusive === false ? exclusive : inclusive} ${limit}`;
  if (issue.origin === 'array' || issue.origin === 'set') return `a list of ${words} values`;
  if (issue.origin === 'string') return `text of ${words} characters`;
  return `a number ${issue.inclusive === false ? words : `of ${words}`}`;
}

/** The known key to propose for an unknown one: nearest as written in full, or nearest by its last part alone. */
function propose(key: string, known: readonly string[]): string | undefined {
  const last = (path: string) => path.slice(path.lastIndexOf('.') + 1);
  const sameEnd = known.filter((candidate) => last(candidate) === last(key));
  return nearestName(key, sameEnd.length > 0 ? sameEnd : known);
}

/**
 * Resolves a configuration: defaults < preset < YAML file < `--set`. Throws `ConfigError` that names every unknown key
 * with its nearest known one, every value out of range, and where each came from.
 */
export function loadConfig<S extends z.ZodType>(schema: S, sources: ConfigSources = {}): z.output<S> {
  const layers: Layer[] = [];
  if (sources.base) layers.push({ origin: sources.base.name, tree: sources.base.values as Tree });
  if (sources.preset)
    layers.push({ origin: `preset ${sources.preset.name}`, tree: sources.preset.values as Tree });
  if (sources.file !== undefined) layers.push(fileLayer(sources.file));
  for (const text of sources.set ?? []) layers.push(setLayer(text));
  const merged = layers.reduce((tree, layer) => mergeInto(tree, layer.tree), Object.create(null) as Tree);

  const json = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    reused: 'inline',
  }) as JsonSchema;
  const known = knownKeys(json);
  const unknown = unknownKeys(merged, json);
  if (unknown.length > 0) {
    const told = unknown.map((key) => {
      const nearest = propose(key, known);
      return `unknown key "${key}"${originOf(key, layers)}${nearest === undefined ? '' : `; the nearest known key is "${nearest}"`}`;
    });
    throw new ConfigError({
      found: told.join('\n  '),
      expected: 'keys that the configuration knows',
      todo: 'correct the spelling, or leave the key out',
    });
  }

  const result = schema.safeParse(merged);
  if (result.success) return result.data;
  const told = result.error.issues.map((issue) => {
    const path = issue.path.join('.');
    return `${path === '' ? 'the configuration' : path}: ${issueText(issue, valueAt(merged, issue.path))}${originOf(path, layers)}`;
  });
  throw new ConfigError(
    {
      found: told.join('\n  '),
      expected: 'values of the types and within the ranges that the settings have',
      todo: 'change the value there (in brackets: where it was set), or leave the key out for its default',
    },
    { cause: result.error },
  );
}
